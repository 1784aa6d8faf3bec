// What lies over the points: names of clusters, pictures and names when near, marks, arrows, the
// lasso. All of it text and lines on a canvas.
import { SPAN } from "./grid.mjs"

export function overlay(canvas, style) {
  const context = canvas.getContext("2d")
  const images = new Map() // data address -> Image

  function picture(address, ready) {
    let image = images.get(address)
    if (!image) {
      image = new Image()
      image.onload = ready
      image.src = address
      images.set(address, image)
      if (images.size > 600) images.delete(images.keys().next().value)
    }
    return image.complete && image.naturalWidth ? image : null
  }

  function words(text, x, y, { size = 12, bold = false, alpha = 1, align = "center" } = {}) {
    context.font = `${bold ? 600 : 400} ${size}px ${style("--st-font") || "sans-serif"}`
    context.textAlign = align
    context.textBaseline = "middle"
    context.lineJoin = "round"
    context.globalAlpha = alpha
    context.lineWidth = 3.5
    context.strokeStyle = style("--st-background-color")
    context.strokeText(text, x, y)
    context.fillStyle = style("--st-text-color")
    context.fillText(text, x, y)
    context.globalAlpha = 1
  }

  // Greedy: what comes first keeps its place, what would lie on it is left out.
  function placer(...taken) {
    return (left, top, right, bottom) => {
      if (taken.some((t) => left < t[2] && right > t[0] && top < t[3] && bottom > t[1])) return false
      taken.push([left, top, right, bottom])
      return true
    }
  }

  const short = (text, most) => ([...text].length > most ? [...text].slice(0, most - 1).join("") + "…" : text)

  return {
    draw({ width, height, ratio, screen, clusters, near, named, hovered, lit, arrows, lasso, ready, colourOf, isFaint, reserved }) {
      const wide = Math.round(width * ratio)
      const high = Math.round(height * ratio)
      if (canvas.width !== wide || canvas.height !== high) {
        canvas.width = wide
        canvas.height = high
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.clearRect(0, 0, width, height)
      const primary = style("--st-primary-color")
      const background = style("--st-background-color")

      if (arrows) {
        context.strokeStyle = style("--st-text-color")
        context.fillStyle = style("--st-text-color")
        context.globalAlpha = 0.4
        context.lineWidth = 1.1
        for (const [ax, ay, bx, by] of arrows) {
          const [fx, fy] = screen(ax, ay)
          const [tx, ty] = screen(bx, by)
          const length = Math.hypot(tx - fx, ty - fy)
          if (length < 3) continue
          const [ux, uy] = [(tx - fx) / length, (ty - fy) / length]
          const head = Math.min(7, length / 2)
          context.beginPath()
          context.moveTo(fx, fy)
          context.lineTo(tx - ux * head, ty - uy * head)
          context.stroke()
          context.beginPath()
          context.moveTo(tx, ty)
          context.lineTo(tx - ux * head - uy * head * 0.45, ty - uy * head + ux * head * 0.45)
          context.lineTo(tx - ux * head + uy * head * 0.45, ty - uy * head - ux * head * 0.45)
          context.fill()
        }
        context.globalAlpha = 1
      }

      const free = placer(reserved)
      for (const point of near) {
        const said = named.get(point.i)
        if (!said) continue
        const [x, y] = screen(point.x, point.y)
        const image = said.image ? picture(said.image, ready) : null
        const side = point.side
        if (!image) continue
        const scale = Math.min(side / image.naturalWidth, side / image.naturalHeight)
        const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale]
        if (free(x - w / 2 - 3, y - h / 2 - 3, x + w / 2 + 3, y + h / 2 + 3)) {
          context.globalAlpha = isFaint(point.i) ? 0.3 : 1
          context.fillStyle = background
          context.beginPath()
          context.roundRect(x - w / 2 - 2.5, y - h / 2 - 2.5, w + 5, h + 5, 5)
          context.fill()
          context.lineWidth = 2
          context.strokeStyle = colourOf(point.i)
          context.stroke()
          context.drawImage(image, x - w / 2, y - h / 2, w, h)
          context.globalAlpha = 1
          point.below = h / 2 + 4
        }
      }
      for (const point of near) {
        const said = named.get(point.i)
        if (!said) continue
        const [x, y] = screen(point.x, point.y)
        const text = short(said.label, 24)
        context.font = `400 11.5px ${style("--st-font") || "sans-serif"}`
        const half = context.measureText(text).width / 2 + 3
        const at = y + (point.below ?? 6) + 8
        if (x - half > 0 && x + half < width && free(x - half, at - 7, x + half, at + 7)) {
          words(text, x, at, { size: 11.5, alpha: isFaint(point.i) ? 0.45 : 1 })
        }
      }

      const few = lit.length <= 40
      for (const [x, y] of lit.map((p) => screen(p.x, p.y))) {
        context.lineWidth = few ? 2.5 : 1.2
        context.strokeStyle = primary
        context.beginPath()
        context.arc(x, y, few ? 8 : 5.5, 0, 7)
        context.stroke()
      }

      for (const cluster of clusters) {
        const [x, y] = screen(cluster.x * SPAN, cluster.y * SPAN)
        if (x < 0 || y < 0 || x > width || y > height) continue
        const text = short(cluster.label, 34)
        context.font = `600 12.5px ${style("--st-font") || "sans-serif"}`
        const half = context.measureText(text).width / 2 + 4
        const at = Math.max(half + 4, Math.min(width - half - 4, x))
        if (free(at - half, y - 10, at + half, y + 10)) words(text, at, y, { size: 12.5, bold: true, alpha: 0.92 })
      }

      if (hovered) {
        const [x, y] = screen(hovered.x, hovered.y)
        context.lineWidth = 2.5
        context.strokeStyle = style("--st-text-color")
        context.beginPath()
        context.arc(x, y, hovered.radius, 0, 7)
        context.stroke()
      }

      if (lasso && lasso.length > 1) {
        context.beginPath()
        for (const [i, corner] of lasso.entries()) {
          const [x, y] = screen(corner[0], corner[1])
          if (i) context.lineTo(x, y)
          else context.moveTo(x, y)
        }
        context.closePath()
        context.globalAlpha = 0.13
        context.fillStyle = primary
        context.fill()
        context.globalAlpha = 1
        context.lineWidth = 1.6
        context.setLineDash([5, 4])
        context.strokeStyle = primary
        context.stroke()
        context.setLineDash([])
      }
    },
  }
}
