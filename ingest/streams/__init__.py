"""Changes as they come: messages of a stream into the graph, each once. Begin at follow.py, which
is the loop; feed.py says what a stream is to it."""
