import createSolution, {
  type Solution,
  type Texture,
} from '@mediapipe/selfie_segmentation/selfie_segmentation_solution_simd_wasm_bin.js';
import type { Start } from './said.ts';

const INPUT = 'input_frames_gpu';
const MASK = 'segmentation_mask';
const MODEL = 'third_party/mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite';
/** How MediaPipe's options count a truth. */
const BOOLEAN = { valueNumber: 0, valueString: '' };
const MICROSECONDS = 1_000;

/** Tells people from what is behind them, picture by picture, by the model that the package ships. */
export class Segmenter {
  private drawing: ((mask: Texture) => void) | null = null;

  private constructor(
    private readonly solution: Solution,
    private readonly graph: InstanceType<Solution['SolutionWasm']>,
    private readonly texture: number,
    readonly gl: WebGL2RenderingContext,
  ) {}

  /** Brings the model up on this canvas. Nothing is fetched: all it needs is given. */
  static async start(canvas: OffscreenCanvas, { module, graph, model }: Start): Promise<Segmenter> {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: false });
    if (!gl) throw new Error('no WebGL');
    const solution = await createSolution({
      canvas,
      print: () => undefined,
      printErr: () => undefined,
      instantiateWasm: (imports, done) => {
        void WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
        return {};
      },
    });
    solution.GL.makeContextCurrent(solution.GL.createContext(canvas, { majorVersion: 2 }));
    const wasm = new solution.SolutionWasm();
    wasm.overrideFile(MODEL, model);
    wasm.loadGraph(graph);
    const segmenter = new Segmenter(solution, wasm, solution.createTexture(), gl);
    segmenter.listen();
    segmenter.computeHere();
    return segmenter;
  }

  /** Finds the people in a picture, and has `draw` use both while they are there. */
  segment(picture: ImageBitmap, draw: (mask: Texture) => void): void {
    const { gl, solution } = this;
    const { width, height } = picture;
    gl.activeTexture(gl.TEXTURE0);
    solution.bindTexture2d(this.texture);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
    const packets = new solution.PacketDataList();
    const timestamp = performance.now() * MICROSECONDS;
    packets.pushTexture2d({ glName: this.texture, width, height, stream: INPUT, timestamp });
    this.drawing = draw;
    this.graph.send(packets);
    packets.delete();
    this.drawing = null;
  }

  /** Makes the picture, or the mask, the one that shaders read here. */
  bind(unit: number, texture?: Texture): void {
    this.gl.activeTexture(this.gl.TEXTURE0 + unit);
    this.solution.bindTexture2d(texture?.glName ?? this.texture);
  }

  private listen(): void {
    const { solution } = this;
    const wanted = new solution.StringList();
    wanted.push_back(MASK);
    const listener = solution.PacketListener.implement({
      onResults: (results) => {
        const mask = results.get(0);
        this.drawing?.(mask);
        mask.delete();
      },
    });
    this.graph.attachMultiListener(wanted, listener);
    wanted.delete();
  }

  /** The processor takes some milliseconds everywhere; what a graphics card takes, its driver decides. */
  private computeHere(): void {
    const changes = new this.solution.GraphOptionChangeRequestList();
    changes.push_back({
      ...BOOLEAN,
      calculatorType: 'InferenceCalculator',
      calculatorName: '',
      calculatorIndex: 0,
      fieldName: 'use_cpu_inference',
      valueBoolean: true,
    });
    this.graph.changeOptions(changes);
    changes.delete();
  }
}
