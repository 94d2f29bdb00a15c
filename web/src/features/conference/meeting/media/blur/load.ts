import graphAddress from '@mediapipe/selfie_segmentation/selfie_segmentation.binarypb?url';
import modelAddress from '@mediapipe/selfie_segmentation/selfie_segmentation.tflite?url';
import programAddress from '@mediapipe/selfie_segmentation/selfie_segmentation_solution_simd_wasm_bin.wasm?packed';
import type { Start } from './said.ts';

let loaded: Promise<Start> | undefined;

/** Loads what tells people from their background, from where this page came; once for as long as the page lives. */
export function load(onProgress: (share: number) => void): Promise<Start> {
  loaded ??= loadAll(onProgress);
  loaded.catch(() => {
    loaded = undefined;
  });
  return loaded;
}

async function loadAll(onProgress: (share: number) => void): Promise<Start> {
  const [module, graph, model] = await Promise.all([
    compile(programAddress, onProgress),
    bytes(graphAddress),
    bytes(modelAddress),
  ]);
  return { module, graph, model };
}

/** Workers of ours may compile nothing themselves: their policy is the strictest there is. */
async function compile(
  address: string,
  onProgress: (share: number) => void,
): Promise<WebAssembly.Module> {
  const { body, headers } = await fetched(address);
  if (!body) throw new Error('nothing came');
  const whole = Number(headers.get('content-length'));
  let came = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, next) {
        came += chunk.length;
        if (whole > 0) onProgress(Math.min(1, came / whole));
        next.enqueue(chunk);
      },
    }),
  );
  const plain = address.endsWith('.gz')
    ? counted.pipeThrough(new DecompressionStream('gzip'))
    : counted;
  return WebAssembly.compileStreaming(
    new Response(plain, { headers: { 'content-type': 'application/wasm' } }),
  );
}

const bytes = async (address: string) => (await fetched(address)).arrayBuffer();

async function fetched(address: string): Promise<Response> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
}
