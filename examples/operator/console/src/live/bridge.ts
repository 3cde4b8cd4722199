import { Store } from '../lib/store';
import { Reconnect } from './reconnect';

export type BridgeState = 'connecting' | 'open' | 'away';

/** A message of the bridge. Its members depend on `type`. */
export interface BridgeMessage {
  type: string;
  id?: string;
  [member: string]: unknown;
}

/** The WebSocket of the backend: chats, and changes of status and power. */
export class Bridge {
  readonly state = new Store<BridgeState>('connecting');

  private socket: WebSocket | null = null;
  private stopped = false;
  private readonly chats = new Map<string, (message: BridgeMessage) => void>();
  private readonly reconnect = new Reconnect(() => this.open());

  constructor(
    /** A token without the scope `chat` opens no WebSocket. */
    permitted: boolean,
    private readonly onChange: (message: BridgeMessage) => void,
    private readonly onLost: () => void,
  ) {
    if (permitted) this.open();
  }

  stop(): void {
    this.stopped = true;
    this.reconnect.stop();
    this.socket?.close(1000);
  }

  /** \return false: not connected; nothing was sent, and `receive` is not called */
  chat(request: { id: string; session_id?: string; message: string }, receive: (message: BridgeMessage) => void) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.chats.set(request.id, receive);
    this.socket.send(JSON.stringify({ type: 'chat', ...request }));
    return true;
  }

  cancel(id: string): void {
    if (!this.chats.delete(id)) return;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: 'cancel', id }));
  }

  private open(): void {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/operator/ws`, 'vx11.v1');
    this.socket = socket;
    socket.onopen = () => {
      this.reconnect.succeeded();
      this.state.set('open');
      socket.send(JSON.stringify({ type: 'subscribe', channels: ['status', 'power'] }));
    };
    socket.onmessage = (message: MessageEvent<unknown>) => this.receive(message.data);
    socket.onclose = ({ code }) => this.closed(socket, code);
  }

  private receive(data: unknown): void {
    const message = readBridgeMessage(data);
    if (!message) return;
    const chat = message.id === undefined ? undefined : this.chats.get(message.id);
    if (!chat) return this.onChange(message);
    if (message.type === 'done' || message.type === 'error') this.chats.delete(message.id ?? '');
    chat(message);
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket || this.stopped) return;
    const open = [...this.chats];
    this.chats.clear();
    for (const [id, chat] of open) {
      chat({ type: 'error', id, code: 'connection_lost', message: reasonOf(code) });
    }
    this.state.set('away');
    this.reconnect.later();
    this.onLost();
  }
}

function reasonOf(closeCode: number): string {
  if (closeCode === 1009) return 'A message was too large for the connection, which has ended';
  return 'The connection to the backend was lost';
}

export function readBridgeMessage(data: unknown): BridgeMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== 'object' || value === null) return null;
    const message = value as BridgeMessage;
    if (typeof message.type !== 'string') return null;
    return message;
  } catch {
    return null;
  }
}
