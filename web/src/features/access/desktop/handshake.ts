/**
 * The RDP package says less in its handshake than the desktop needs to know. These put it in, into the
 * one message that carries it; every other message comes back as it is.
 */

const CORE_DATA = [0x01, 0xc0] as const;
/** From the block's start to the always equal `SASSequence`, and to the layout behind it. */
const SAS_OFFSET = 14;
const SAS = [0x03, 0xaa] as const;
const LAYOUT_OFFSET = 16;
const HIGH_COLOUR_OFFSET = 140;
const COLOURS_OFFSET = 142;
const CAPABILITIES_OFFSET = 144;
const CORE_DATA_LENGTH = 146;
const BITS_24 = 24;
const SUPPORTS_32_BITS = 0x0008;
const WANTS_32_BITS = 0x0002;
/** The messages that matter are far shorter. */
const MAX_SEARCH_BYTES = 4096;

/**
 * Completes the client's core data ([MS-RDPBCGR] 2.2.1.3.2): the keyboard layout, for which the package
 * says "none", so that many desktops would fall back to an American keyboard; and full colours, because
 * with the package's 16 bits some desktops send pictures in widths that it draws askew.
 */
export function withCoreData(message: Uint8Array, layout: number): Uint8Array {
  const end = Math.min(message.length - CORE_DATA_LENGTH, MAX_SEARCH_BYTES);
  for (let at = 0; at <= end; at += 1) {
    if (
      message[at] === CORE_DATA[0] &&
      message[at + 1] === CORE_DATA[1] &&
      message[at + SAS_OFFSET] === SAS[0] &&
      message[at + SAS_OFFSET + 1] === SAS[1]
    ) {
      const patched = message.slice();
      const view = new DataView(patched.buffer);
      const or = (offset: number, bits: number) =>
        view.setUint16(at + offset, view.getUint16(at + offset, true) | bits, true);
      view.setUint32(at + LAYOUT_OFFSET, layout, true);
      view.setUint16(at + HIGH_COLOUR_OFFSET, BITS_24, true);
      or(COLOURS_OFFSET, SUPPORTS_32_BITS);
      or(CAPABILITIES_OFFSET, WANTS_32_BITS);
      return patched;
    }
  }
  return message;
}

const TPKT = [0x03, 0x00] as const;
const SEND_DATA_REQUEST = 0x64;
const MCS_OFFSET = 7;
/** The length before the payload takes one byte or two. */
const PAYLOAD_OFFSETS = [14, 15] as const;
const SEC_INFO_PKT = 0x0040;
const FLAGS_OFFSET = 8;
const INFO_MOUSE_AND_UNICODE = 0x11;
const INFO_AUTOLOGON = 0x08;

/**
 * Says in the Client Info message ([MS-RDPBCGR] 2.2.1.11) that name and password are to be used at
 * once. Without it, a desktop without network level authentication asks for them again.
 */
export function withSignOn(message: Uint8Array): Uint8Array {
  if (message[0] !== TPKT[0] || message[1] !== TPKT[1]) return message;
  if (message[MCS_OFFSET] !== SEND_DATA_REQUEST) return message;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  for (const at of PAYLOAD_OFFSETS) {
    if (message.length < at + FLAGS_OFFSET + 4) continue;
    if (view.getUint32(at, true) !== SEC_INFO_PKT) continue;
    const flags = view.getUint32(at + FLAGS_OFFSET, true);
    if ((flags & INFO_MOUSE_AND_UNICODE) !== INFO_MOUSE_AND_UNICODE) continue;
    const patched = message.slice();
    new DataView(patched.buffer).setUint32(at + FLAGS_OFFSET, flags | INFO_AUTOLOGON, true);
    return patched;
  }
  return message;
}
