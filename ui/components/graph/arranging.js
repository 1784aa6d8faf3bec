// Where entities lie: facts pull them together, all push each other away, none covers another.
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "./vendor/d3-force.mjs"

const STEPS = { fewest: 30, most: 300, together: 30000 } // together: of all entities, some 0.3 s
// Up to so many entities there is so much room: around each, along a fact, and away from each other.
const ROOM = [
  { count: 30, around: 30, along: 150, apart: 1600 }, // for the names of facts, too
  { count: 150, around: 16, along: 105, apart: 700 },
  { count: Infinity, around: 7, along: 85, apart: 350 },
]

// nodes: {id, x, y, size, fixed}, edges: {source, target} by id. Gives {id, x, y} of each node.
// `anew`: where they lie now does not count.
export function arranged(nodes, edges, anew) {
  const room = ROOM.find((one) => nodes.length <= one.count)
  const points = nodes.map(({ id, x, y, size, fixed }) => {
    const point = { id, radius: size / 2 + room.around }
    if (fixed) Object.assign(point, { fx: x, fy: y })
    if (fixed || !anew) Object.assign(point, { x, y })
    return point
  })
  const steps = Math.min(STEPS.most, Math.max(STEPS.fewest, Math.round(STEPS.together / nodes.length)))
  const links = edges.map(({ source, target }) => ({ source, target }))
  forceSimulation(points)
    .stop()
    .force("facts", forceLink(links).id((one) => one.id).distance(room.along))
    .force("apart", forceManyBody().strength(-room.apart).theta(1.2).distanceMax(1500))
    .force("middle x", forceX().strength(0.04))
    .force("middle y", forceY().strength(0.05))
    .force("room", forceCollide((one) => one.radius))
    .alpha(anew ? 1 : 0.4)
    .alphaDecay(1 - 0.001 ** (1 / steps))
    .tick(steps)
  return points.map(({ id, x, y }) => ({ id, x, y }))
}
