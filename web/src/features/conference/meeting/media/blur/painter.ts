import type { Texture } from '@mediapipe/selfie_segmentation/selfie_segmentation_solution_simd_wasm_bin.js';
import type { Segmenter } from './segmenter.ts';

/** The blurred ground is painted so much smaller, which nobody sees and every graphics card can do. */
const SMALLER = 8;
/** So many pixels of the small picture to each side. */
const REACH = 12;

const corner = `#version 300 es
out vec2 at;
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  at = corner;
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

const head = `#version 300 es
precision highp float;
in vec2 at;
out vec4 colour;
uniform sampler2D picture;
uniform sampler2D mask;
uniform sampler2D ground;
uniform vec2 pace;
const int REACH = ${REACH};
float weight(int step) { float x = float(step) / float(REACH) * 2.2; return exp(-0.5 * x * x); }
`;

/** What is behind people only: a colour that came from a face would shine around the head. */
const across = `${head}
void main() {
  vec4 sum = vec4(0.0);
  for (int step = -REACH; step <= REACH; step++) {
    vec2 there = clamp(at + pace * float(step), 0.0, 1.0);
    float behind = 1.0 - texture(mask, there).r;
    sum += vec4(textureLod(picture, there, 3.0).rgb * behind, behind) * weight(step);
  }
  float all = 0.0;
  for (int step = -REACH; step <= REACH; step++) all += weight(step);
  colour = sum / all;
}`;

const down = `${head}
void main() {
  vec4 sum = vec4(0.0);
  float all = 0.0;
  for (int step = -REACH; step <= REACH; step++) {
    sum += texture(ground, at + pace * float(step)) * weight(step);
    all += weight(step);
  }
  colour = sum / all;
}`;

/** In doubt it is blurred: a rim of hair lost is better than a rim of the room shown. */
const together = `${head}
void main() {
  vec2 there = vec2(at.x, 1.0 - at.y);
  vec4 blurred = texture(ground, there);
  vec3 behind = blurred.a > 0.02 ? blurred.rgb / blurred.a : textureLod(picture, there, 6.0).rgb;
  float person = smoothstep(0.4, 0.8, texture(mask, there).r);
  colour = vec4(mix(behind, texture(picture, there).rgb, person), 1.0);
}`;

type Layer = { texture: WebGLTexture; frame: WebGLFramebuffer };

/** Paints people sharp before a blurred ground, on the segmenter's canvas. */
export class Painter {
  private readonly gl: WebGL2RenderingContext;
  private readonly programs: { across: WebGLProgram; down: WebGLProgram; together: WebGLProgram };
  private readonly layers: [Layer, Layer];
  private readonly corners: WebGLVertexArrayObject;
  private readonly sampler: WebGLSampler;
  private size = { width: 0, height: 0 };

  constructor(
    private readonly segmenter: Segmenter,
    private readonly canvas: OffscreenCanvas,
  ) {
    const { gl } = segmenter;
    this.gl = gl;
    this.programs = {
      across: program(gl, across),
      down: program(gl, down),
      together: program(gl, together),
    };
    this.layers = [layer(gl), layer(gl)];
    this.corners = gl.createVertexArray();
    this.sampler = gl.createSampler();
    gl.samplerParameteri(this.sampler, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.samplerParameteri(this.sampler, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.samplerParameteri(this.sampler, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.samplerParameteri(this.sampler, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  paint(picture: { width: number; height: number }, mask: Texture): void {
    const { gl, segmenter, canvas } = this;
    const { across: first, down: second, together: last } = this.programs;
    const [one, other] = this.layers;
    const small = this.fit(picture);
    gl.disable(gl.BLEND);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.SCISSOR_TEST);
    gl.bindVertexArray(this.corners);
    segmenter.bind(0);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.bindSampler(0, this.sampler);
    segmenter.bind(1, mask);
    this.draw(first, one.frame, small, [1 / small.width, 0]);
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D, one.texture);
    this.draw(second, other.frame, small, [0, 1 / small.height]);
    gl.bindTexture(gl.TEXTURE_2D, other.texture);
    this.draw(last, null, canvas, [0, 0]);
    gl.bindTexture(gl.TEXTURE_2D, null);
    gl.bindSampler(0, null);
    gl.bindVertexArray(null);
    gl.activeTexture(gl.TEXTURE0);
  }

  private draw(
    way: WebGLProgram,
    onto: WebGLFramebuffer | null,
    { width, height }: { width: number; height: number },
    pace: [number, number],
  ): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, onto);
    gl.viewport(0, 0, width, height);
    // biome-ignore lint/correctness/useHookAtTopLevel: it is WebGL's, not React's
    gl.useProgram(way);
    gl.uniform2f(gl.getUniformLocation(way, 'pace'), ...pace);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** The canvas is as large as the picture; a phone that is turned changes both. */
  private fit({ width, height }: { width: number; height: number }) {
    const { gl, canvas } = this;
    const small = {
      width: Math.max(1, Math.round(width / SMALLER)),
      height: Math.max(1, Math.round(height / SMALLER)),
    };
    // The segmenter uses the canvas, too, and changes its size as it likes.
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    if (small.width !== this.size.width || small.height !== this.size.height) {
      for (const { texture } of this.layers) {
        gl.bindTexture(gl.TEXTURE_2D, texture);
        gl.texImage2D(
          gl.TEXTURE_2D,
          0,
          gl.RGBA8,
          small.width,
          small.height,
          0,
          gl.RGBA,
          gl.UNSIGNED_BYTE,
          null,
        );
      }
      this.size = small;
    }
    return small;
  }
}

function layer(gl: WebGL2RenderingContext): Layer {
  const [texture, frame] = [gl.createTexture(), gl.createFramebuffer()];
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.LINEAR],
    [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ] as const) {
    gl.texParameteri(gl.TEXTURE_2D, name, value);
  }
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  return { texture, frame };
}

function program(gl: WebGL2RenderingContext, fragment: string): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, corner],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error('no shader');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) {
    throw new Error(gl.getProgramInfoLog(made) ?? 'no program');
  }
  // biome-ignore lint/correctness/useHookAtTopLevel: it is WebGL's, not React's
  gl.useProgram(made);
  for (const [unit, name] of ['picture', 'mask', 'ground'].entries()) {
    gl.uniform1i(gl.getUniformLocation(made, name), unit);
  }
  return made;
}
