// Which points are where: cells of a square grid, each with its points. Coordinates are whole
// numbers up to SPAN.
export const SPAN = 65534

export class Grid {
  constructor(points, count) {
    this.points = points
    this.side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(count / 2))))
    this.scale = this.side / (SPAN + 1)
    const cells = this.side * this.side
    this.starts = new Uint32Array(cells + 1)
    const cell = new Uint32Array(count)
    for (let i = 0; i < count; i++) {
      cell[i] = this.cellOf(points[2 * i], points[2 * i + 1])
      this.starts[cell[i] + 1]++
    }
    for (let c = 0; c < cells; c++) this.starts[c + 1] += this.starts[c]
    this.order = new Uint32Array(count)
    const next = this.starts.slice(0, cells)
    for (let i = 0; i < count; i++) this.order[next[cell[i]]++] = i
  }

  axis(value) {
    return Math.max(0, Math.min(this.side - 1, Math.floor(value * this.scale)))
  }

  cellOf(x, y) {
    return this.axis(y) * this.side + this.axis(x)
  }

  // Calls `visit` with each point in a rectangle; stops when that returns true.
  within(left, top, right, bottom, visit) {
    const { points, order, starts, side } = this
    for (let row = this.axis(top); row <= this.axis(bottom); row++) {
      const first = row * side + this.axis(left)
      const last = row * side + this.axis(right)
      for (let at = starts[first]; at < starts[last + 1]; at++) {
        const i = order[at]
        const x = points[2 * i]
        const y = points[2 * i + 1]
        if (x >= left && x <= right && y >= top && y <= bottom && visit(i)) return
      }
    }
  }

  // The nearest point that `counts`, within a radius; -1 for none.
  nearest(x, y, radius, counts) {
    let best = -1
    let least = radius * radius
    this.within(x - radius, y - radius, x + radius, y + radius, (i) => {
      const dx = this.points[2 * i] - x
      const dy = this.points[2 * i + 1] - y
      const far = dx * dx + dy * dy
      if (far <= least && counts(i)) {
        least = far
        best = i
      }
      return false
    })
    return best
  }

  // Calls `visit` with each point inside a polygon of [x, y] corners.
  inside(corners, visit) {
    const xs = corners.map((c) => c[0])
    const ys = corners.map((c) => c[1])
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
    this.within(...box, (i) => {
      const x = this.points[2 * i]
      const y = this.points[2 * i + 1]
      let odd = false
      for (let a = 0, b = corners.length - 1; a < corners.length; b = a++) {
        const [ax, ay] = corners[a]
        const [bx, by] = corners[b]
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd
      }
      if (odd) visit(i)
      return false
    })
  }
}

// A lasso with at most `most` corners, as whole numbers: the points that matter least go first.
export function simplified(path, most) {
  let kept = path.map(([x, y]) => [whole(x), whole(y)])
  kept = kept.filter((c, i) => i === 0 || c[0] !== kept[i - 1][0] || c[1] !== kept[i - 1][1])
  while (kept.length > most) {
    const step = kept.length / most
    if (step >= 2) {
      kept = kept.filter((_, i) => i % 2 === 0)
      continue
    }
    let least = Infinity
    let gone = 0
    for (let i = 0; i < kept.length; i++) {
      const [ax, ay] = kept[(i + kept.length - 1) % kept.length]
      const [bx, by] = kept[i]
      const [cx, cy] = kept[(i + 1) % kept.length]
      const area = Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))
      if (area < least) [least, gone] = [area, i]
    }
    kept.splice(gone, 1)
  }
  return kept
}

const whole = (value) => Math.max(0, Math.min(SPAN, Math.round(value)))
