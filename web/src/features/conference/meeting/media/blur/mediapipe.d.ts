/** What we use of the compiled graph. The package describes only its wrapper, which insists on loading scripts itself. */
declare module '@mediapipe/selfie_segmentation/selfie_segmentation_solution_simd_wasm_bin.js' {
  export type Texture = { glName: number; width: number; height: number; delete: () => void };
  type Deletable = { delete: () => void };
  type List<Item> = Deletable & { push_back: (item: Item) => void };
  type OptionChange = {
    calculatorType: string;
    calculatorName: string;
    calculatorIndex: number;
    fieldName: string;
    valueNumber: number;
    valueBoolean: boolean;
    valueString: string;
  };
  type Frame = { glName: number; width: number; height: number; stream: string; timestamp: number };
  type Listener = { onResults: (results: { get: (index: number) => Texture }) => void };
  type Packets = Deletable & { pushTexture2d: (frame: Frame) => void };

  export type Solution = {
    GL: {
      createContext: (canvas: OffscreenCanvas, attributes: { majorVersion: number }) => number;
      makeContextCurrent: (handle: number) => void;
    };
    createTexture: () => number;
    bindTexture2d: (name: number) => void;
    StringList: new () => List<string>;
    PacketDataList: new () => Packets;
    GraphOptionChangeRequestList: new () => List<OptionChange>;
    PacketListener: { implement: (listener: Listener) => Deletable };
    SolutionWasm: new () => Deletable & {
      overrideFile: (path: string, content: ArrayBuffer) => void;
      loadGraph: (graph: ArrayBuffer) => void;
      changeOptions: (changes: List<OptionChange>) => void;
      attachMultiListener: (streams: List<string>, listener: Deletable) => void;
      send: (packets: Packets) => void;
    };
  };

  type Options = {
    canvas: OffscreenCanvas;
    print: (text: string) => void;
    printErr: (text: string) => void;
    instantiateWasm: (
      imports: WebAssembly.Imports,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) => object;
  };
  const createSolution: (options: Options) => Promise<Solution>;
  export default createSolution;
}
