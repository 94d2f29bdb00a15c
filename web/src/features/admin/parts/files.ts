/** Files above this are not read: the server would refuse them anyway. */
export const MAX_FILE_BYTES = 700_000;

/** A file's bytes in base64, as they are: the server finds out their encoding. */
export async function base64Of(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
