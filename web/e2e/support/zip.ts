const END = 0x06054b50;
const ENTRY = 0x02014b50;
const STORED = 0;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;

/** The files of a ZIP file that is read by its table of contents, as Windows does. Only what is stored as it is. */
export function unpacked(zip: Buffer): Map<string, Buffer> {
  let end = zip.length - END_BYTES;
  while (zip.readUInt32LE(end) !== END) end -= 1;
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error('the table of contents is damaged');
    if (zip.readUInt16LE(at + 10) !== STORED) throw new Error('an entry is compressed');
    const [name, extra, comment] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const size = zip.readUInt32LE(at + 24);
    const local = zip.readUInt32LE(at + 42);
    const data = local + LOCAL_BYTES + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const path = zip.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + (name ?? 0)).toString();
    files.set(path, zip.subarray(data, data + size));
    at += ENTRY_BYTES + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return files;
}
