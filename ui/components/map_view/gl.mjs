// Points drawn by WebGL2. Five bytes a point are all there is of it on the card; colours are a table
// of 256, so that a filter is a change of the table.
import { SPAN } from "./grid.mjs"

const VERTEX = `#version 300 es
in vec2 at; in vec2 before; in float code; in float flag;
uniform vec2 centre; uniform vec2 scale; uniform float mixed; uniform float size;
uniform float faint; uniform int pass; uniform float span;
uniform sampler2D table;
out vec4 colour;
flat out float wide;
void main() {
  vec2 from = before.x > span ? at : before;
  vec2 place = (mix(from, at, mixed) / span - centre) * scale;
  vec4 own = texelFetch(table, ivec2(int(code), 0), 0);
  bool marked = flag > 0.5;
  bool gone = own.a == 0.0 || (pass == 1 && marked) || (pass == 2 && !marked);
  gl_Position = gone ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(place.x, -place.y, 0.0, 1.0);
  wide = pass == 2 ? size * 1.3 : size;
  gl_PointSize = wide;
  float alpha = own.a * (pass == 1 ? faint : 1.0);
  colour = vec4(own.rgb * alpha, alpha);
}`
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour;
flat in float wide;
out vec4 shown;
void main() {
  float far = length(gl_PointCoord - 0.5) * wide;
  float edge = wide < 3.0 ? 1.0 : clamp(wide * 0.5 - far + 0.5, 0.0, 1.0);
  if (edge == 0.0) discard;
  shown = colour * edge;
}`

// null where there is no WebGL2, or only one without a graphics card: a plain canvas is quicker then.
export function webgl(canvas, software) {
  const options = { antialias: false, premultipliedAlpha: true, failIfMajorPerformanceCaveat: !software }
  const gl = canvas.getContext("webgl2", options)
  if (!gl) return null
  const about = gl.getExtension("WEBGL_debug_renderer_info")
  const drawnBy = about ? String(gl.getParameter(about.UNMASKED_RENDERER_WEBGL)) : ""
  if (!software && /swiftshader|llvmpipe|software/i.test(drawnBy)) return null
  let made = null
  const kept = { points: null, before: null, codes: null, flags: null }

  function build() {
    const program = gl.createProgram()
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind)
      gl.shaderSource(shader, text)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    ;["at", "before", "code", "flag"].forEach((name, i) => gl.bindAttribLocation(program, i, name))
    gl.linkProgram(program)
    gl.useProgram(program)
    const places = {}
    for (const name of ["centre", "scale", "mixed", "size", "faint", "pass", "span", "table"]) {
      places[name] = gl.getUniformLocation(program, name)
    }
    const buffers = [0, 1, 2, 3].map(() => gl.createBuffer())
    const table = gl.createTexture()
    gl.bindTexture(gl.TEXTURE_2D, table)
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST)
    }
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    made = { places, buffers }
    for (const name of Object.keys(kept)) if (kept[name]) upload(name)
  }

  const SLOTS = { points: [0, 2], before: [1, 2], codes: [2, 1], flags: [3, 1] }

  function upload(name) {
    const [slot, width] = SLOTS[name]
    const kind = width === 2 ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE
    gl.bindBuffer(gl.ARRAY_BUFFER, made.buffers[slot])
    gl.bufferData(gl.ARRAY_BUFFER, kept[name], gl.DYNAMIC_DRAW)
    gl.enableVertexAttribArray(slot)
    gl.vertexAttribPointer(slot, width, kind, false, 0, 0)
  }

  build()
  return {
    name: "webgl2",
    set(name, values) {
      kept[name] = values
      if (!gl.isContextLost()) upload(name)
    },
    restore: build,
    draw({ centre, zoom, width, height, ratio, colours, size, faint, mixed, marked }) {
      if (gl.isContextLost() || !kept.points) return
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio)
        canvas.height = Math.round(height * ratio)
      }
      const { places } = made
      gl.viewport(0, 0, canvas.width, canvas.height)
      gl.clearColor(0, 0, 0, 0)
      gl.clear(gl.COLOR_BUFFER_BIT)
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours)
      gl.uniform2f(places.centre, centre[0], centre[1])
      gl.uniform2f(places.scale, (2 * zoom) / width, (2 * zoom) / height)
      gl.uniform1f(places.mixed, mixed)
      gl.uniform1f(places.size, size * ratio)
      gl.uniform1f(places.faint, faint)
      gl.uniform1f(places.span, SPAN)
      for (const pass of marked ? [1, 2] : [0]) {
        gl.uniform1i(places.pass, pass)
        gl.drawArrays(gl.POINTS, 0, kept.points.length / 2)
      }
    },
    destroy() {
      gl.getExtension("WEBGL_lose_context")?.loseContext()
    },
  }
}
