import type { Schema } from '../../../api/client.ts';
import { clientToDesktop, desktopSize, type Size } from './geometry.ts';
import type { KeyInput } from './keyboard.ts';
import { type CloseReason, watchNext } from './watched-socket.ts';

type Rdp = typeof import('@devolutions/iron-remote-desktop-rdp');
type Session = Awaited<ReturnType<InstanceType<Rdp['Backend']['SessionBuilder']>['connect']>>;
type DeviceEvent = Parameters<InstanceType<Rdp['Backend']['InputTransaction']>['addEvent']>[0];

export type Opened = Schema<'OpenedDesktop'>;
export type Credentials = { username: string; password: string; domain: string };

/** Why a desktop is no longer there: the server's word, and what the RDP package knows. */
export type End = {
  close: CloseReason;
  logonFailed: boolean;
  /** The desktop took its leave, in the words of the RDP package; `null` where it just fell silent. */
  goodbye: string | null;
};

type ConnectOptions = {
  opened: Opened;
  credentials: Credentials;
  canvas: HTMLCanvasElement;
  space: Size;
  layout: number;
  onClipboard: (text: string) => void;
  onResized: () => void;
};

/** The errors of the RDP package that mean "name or password are wrong". */
const LOGON_KINDS = new Set([1, 2, 3]);
const SILENT_CLOSE: CloseReason = { code: 1006, word: '' };
/** How long the close frame may lag behind the package's own error. */
const CLOSE_GRACE_MS = 3_000;
const MAX_WHEEL = 250;
const TEXT = 'text/plain';

let loaded: Promise<Rdp> | undefined;

/** Loads the RDP client: two megabytes, only when a desktop is opened. */
function load(): Promise<Rdp> {
  loaded ??= import('@devolutions/iron-remote-desktop-rdp').then(async (rdp) => {
    await rdp.init('OFF');
    return rdp;
  });
  loaded.catch(() => {
    loaded = undefined;
  });
  return loaded;
}

/** A desktop could not be reached, or was refused. */
export class DesktopEnd extends Error {
  constructor(readonly end: End) {
    super(end.close.word || `closed with ${end.close.code}`);
  }
}

/** One connection to one desktop, drawn onto a canvas. */
export class DesktopConnection {
  private lastMove = '';

  private constructor(
    private readonly heard: () => number,
    private readonly rdp: Rdp,
    private readonly session: Session,
    private readonly canvas: HTMLCanvasElement,
    private readonly multiple: number,
    /** Resolves when the desktop is gone. */
    readonly ended: Promise<End>,
  ) {}

  /** Connects; throws `DesktopEnd` with the reason when that fails. */
  static async open(options: ConnectOptions): Promise<DesktopConnection> {
    const { opened, credentials, canvas, space } = options;
    const rdp = await load();
    const { Backend } = rdp;
    const address = desktopAddress(opened.ticket);
    let heardAt = Date.now();
    const closed = new Promise<CloseReason>((resolve) => {
      const signOn = credentials.password !== '';
      watchNext({
        address,
        layout: options.layout,
        signOn,
        onClose: resolve,
        onMessage: () => {
          heardAt = Date.now();
        },
      });
    });
    const size = desktopSize(space, opened.width_multiple);
    let builder = new Backend.SessionBuilder()
      .username(credentials.username)
      .password(credentials.password)
      .serverDomain(credentials.domain)
      // The server takes the target from the ticket and reads none of this.
      .destination('desktop')
      .proxyAddress(address)
      .authToken(opened.ticket)
      .desktopSize(new Backend.DesktopSize(size.width, size.height))
      .renderCanvas(canvas)
      .setCursorStyleCallbackContext(canvas)
      .setCursorStyleCallback(setCursor)
      .canvasResizedCallback(options.onResized)
      .extension(rdp.displayControl(true))
      .extension(rdp.enableCredssp(opened.credssp));
    let session: Session;
    if (opened.clipboard) {
      builder = builder
        .remoteClipboardChangedCallback((data: { items: () => ClipboardEntry[] }) => {
          const text = data
            .items()
            .find((item) => item.mimeType().startsWith(TEXT))
            ?.value();
          if (typeof text === 'string') options.onClipboard(text);
        })
        // Until the desktop has heard of our clipboard, be it empty, the package passes nothing on from its own.
        .forceClipboardUpdateCallback(() => {
          void session.onClipboardPaste(new Backend.ClipboardData());
        });
    }
    try {
      session = await builder.connect();
    } catch (error) {
      throw new DesktopEnd(await endOf(error, closed));
    }
    const ended = session.run().then(
      (farewell) => endOf(null, closed, farewell.reason()),
      (error: unknown) => endOf(error, closed),
    );
    return new DesktopConnection(() => heardAt, rdp, session, canvas, opened.width_multiple, ended);
  }

  /** For how long nothing has come from the desktop. */
  silentMs(): number {
    return Date.now() - this.heard();
  }

  /** Keys and characters. */
  keys(inputs: readonly KeyInput[]): void {
    const { DeviceEvent } = this.rdp.Backend;
    this.send(
      inputs.flatMap((input) => {
        if (input.type === 'character') {
          return [
            DeviceEvent.unicodePressed(input.character),
            DeviceEvent.unicodeReleased(input.character),
          ];
        }
        return [
          input.pressed
            ? DeviceEvent.keyPressed(input.scancode)
            : DeviceEvent.keyReleased(input.scancode),
        ];
      }),
    );
  }

  /** The pointer is here; positions that change nothing are not sent. */
  move(clientX: number, clientY: number): void {
    const { x, y } = clientToDesktop(this.canvas, clientX, clientY);
    const move = `${x},${y}`;
    if (move === this.lastMove) return;
    this.lastMove = move;
    this.send([this.rdp.Backend.DeviceEvent.mouseMove(x, y)]);
  }

  /** A mouse button; 0 is the left one. */
  button(button: number, pressed: boolean): void {
    const { DeviceEvent } = this.rdp.Backend;
    this.send([
      pressed ? DeviceEvent.mouseButtonPressed(button) : DeviceEvent.mouseButtonReleased(button),
    ]);
  }

  /** The wheel, as the browser reports it. */
  wheel({ deltaX, deltaY, deltaMode }: Pick<WheelEvent, 'deltaX' | 'deltaY' | 'deltaMode'>): void {
    const vertical = deltaY !== 0;
    const amount = Math.round(-(vertical ? deltaY : deltaX));
    const bounded = Math.max(-MAX_WHEEL, Math.min(MAX_WHEEL, amount));
    this.send([this.rdp.Backend.DeviceEvent.wheelRotations(vertical, bounded, deltaMode)]);
  }

  /** Whether Caps Lock and its like are on, so that both sides agree. */
  syncLocks(event: KeyboardEvent | PointerEvent): void {
    const on = (name: string) => event.getModifierState(name);
    this.session.synchronizeLockKeys(
      on('ScrollLock'),
      on('NumLock'),
      on('CapsLock'),
      on('KanaMode'),
    );
  }

  /** Offers text to the desktop's clipboard. */
  async offerText(text: string): Promise<void> {
    const data = new this.rdp.Backend.ClipboardData();
    data.addText(TEXT, text);
    await this.session.onClipboardPaste(data);
  }

  /** Asks for another size. */
  resize(space: Size): void {
    const { width, height } = desktopSize(space, this.multiple);
    if (width === this.canvas.width && height === this.canvas.height) return;
    this.session.resize(width, height);
  }

  /** Ends the connection; the programs on the desktop go on. */
  close(): void {
    this.session.releaseAllInputs();
    this.session.shutdown();
  }

  private send(events: DeviceEvent[]): void {
    if (events.length === 0) return;
    const transaction = new this.rdp.Backend.InputTransaction();
    for (const event of events) transaction.addEvent(event);
    this.session.applyInputs(transaction);
  }
}

type ClipboardEntry = { mimeType: () => string; value: () => unknown };

function desktopAddress(ticket: string): string {
  const { protocol, host } = window.location;
  const scheme = protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${host}/api/v1/desktop?ticket=${encodeURIComponent(ticket)}`;
}

async function endOf(
  error: unknown,
  closed: Promise<CloseReason>,
  farewell?: string,
): Promise<End> {
  const late = new Promise<CloseReason>((resolve) => {
    setTimeout(() => resolve(SILENT_CLOSE), CLOSE_GRACE_MS);
  });
  const close = await Promise.race([closed, late]);
  return {
    close,
    logonFailed: LOGON_KINDS.has(kindOf(error)),
    goodbye: farewell ?? goodbyeIn(error),
  };
}

/** The package knows some farewells as errors only. */
function goodbyeIn(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('backtrace' in error)) return null;
  const words = typeof error.backtrace === 'function' ? String(error.backtrace()) : '';
  return /disconnect provider ultimatum: (\w+)/.exec(words)?.[1] ?? null;
}

function kindOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('kind' in error)) return 0;
  return typeof error.kind === 'function' ? Number(error.kind()) : 0;
}

function setCursor(
  this: HTMLCanvasElement,
  kind: string,
  data: string | undefined,
  x: number | undefined,
  y: number | undefined,
): void {
  if (kind === 'hidden') this.style.cursor = 'none';
  else if (kind === 'url' && data?.startsWith('data:image/')) {
    this.style.cursor = `url("${data}") ${Math.round(x ?? 0)} ${Math.round(y ?? 0)}, default`;
  } else this.style.cursor = 'default';
}
