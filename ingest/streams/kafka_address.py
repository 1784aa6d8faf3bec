"""Where a topic of Kafka is, who follows it, and what is needed to be let in."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from kg_platform.errors import BadInput, SettingsError
from kg_platform.settings import Settings

PORT = 9092


@dataclass(frozen=True)
class KafkaAddress:
    """`kafka://BROKER[:PORT][,BROKER..]/TOPIC`."""

    servers: tuple[str, ...]
    topic: str

    @classmethod
    def of(cls, text: str) -> KafkaAddress:
        """
        Raises:
            BadInput: it is none.
        """
        servers, _, topic = text.removeprefix("kafka://").partition("/")
        if "@" in servers:
            raise BadInput(
                "An address of Kafka has no user and password in it; set KG_KAFKA_USERNAME and "
                "KG_KAFKA_PASSWORD."
            )
        topic = topic.rstrip("/")
        if not servers or not topic or "/" in topic:
            raise BadInput("Write the topic like kafka://broker:9092/topic.")
        brokers = [one if ":" in one else f"{one}:{PORT}" for one in servers.split(",") if one]
        return cls(tuple(brokers), topic)

    def __str__(self) -> str:
        return f"kafka://{','.join(self.servers)}/{self.topic}"


@dataclass(frozen=True)
class KafkaMember:
    """Who follows: the group, this member's name in it (of two with one name the later stays), and
    the topic for wrong messages."""

    group: str
    name: str
    letters: str


def security_of(settings: Settings) -> BaseSecurity | None:
    context = None
    if settings.kafka_tls:
        try:
            context = ssl.create_default_context(cafile=settings.kafka_ca)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"KG_KAFKA_CA {settings.kafka_ca} cannot be used ({error}); name a PEM file."
            ) from error
    if settings.kafka_username is None:
        return BaseSecurity(ssl_context=context, use_ssl=True) if context else None
    if settings.kafka_password is None:
        raise SettingsError("KG_KAFKA_USERNAME is set and KG_KAFKA_PASSWORD is not; set both.")
    kinds = {
        "PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512
    }  # fmt: skip
    return kinds[settings.kafka_mechanism](
        settings.kafka_username,
        settings.kafka_password.get_secret_value(),
        ssl_context=context,
        use_ssl=context is not None,
    )
