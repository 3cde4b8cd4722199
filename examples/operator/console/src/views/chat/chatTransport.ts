import { csrfHeaders } from '../../api/csrf';
import { errorOf, textOf } from '../../api/errors';
import type { Attempt } from '../../api/types';
import { readEventStream } from '../../lib/eventStream';
import type { Bridge, BridgeMessage } from '../../live/bridge';
import { type Provenance, readAttempts, readProvenance } from './chatState';

export interface Question {
  id: string;
  session_id: string;
  message: string;
}

export interface AnswerHandler {
  text: (piece: string) => void;
  done: (provenance: Provenance) => void;
  failed: (error: string, attempts: Attempt[]) => void;
}

/** Asks over the WebSocket, or over an event stream while there is none. \return stops the answer */
export function ask(bridge: Bridge, question: Question, handler: AnswerHandler): () => void {
  if (bridge.chat(question, (message) => receive(message, handler))) return () => bridge.cancel(question.id);
  const abort = new AbortController();
  void askByFetch(question, handler, abort.signal);
  return () => abort.abort();
}

function receive(message: BridgeMessage, handler: AnswerHandler): void {
  if (message.type === 'delta') handler.text(String(message.text ?? ''));
  else if (message.type === 'done') handler.done(readProvenance(message));
  else if (message.type === 'error') handler.failed(failure(message), attemptsOf(message));
}

const failure = (data: Record<string, unknown>) => String(data.message ?? data.code ?? 'The answer broke off');

function attemptsOf(data: Record<string, unknown>): Attempt[] {
  const detail =
    typeof data.detail === 'object' && data.detail !== null ? (data.detail as Record<string, unknown>) : {};
  return readAttempts(data.attempts ?? detail.attempts);
}

async function askByFetch(
  { session_id, message }: Question,
  handler: AnswerHandler,
  signal: AbortSignal,
): Promise<void> {
  try {
    const response = await fetch('/operator/api/chat', {
      method: 'POST',
      headers: { Accept: 'text/event-stream', 'Content-Type': 'application/json', ...csrfHeaders() },
      body: JSON.stringify({ session_id, message }),
      signal,
    });
    if (!response.ok || !response.body) return void refuse(response, handler);
    for await (const { event, data } of readEventStream(response.body)) {
      if (handle(event, data, handler)) return;
    }
    handler.failed('The answer broke off', []);
  } catch (error) {
    if (!signal.aborted)
      handler.failed(error instanceof TypeError ? 'The backend cannot be reached' : textOf(error), []);
  }
}

async function refuse(response: Response, handler: AnswerHandler): Promise<void> {
  const error = await errorOf(response);
  handler.failed(error.message, attemptsOf({ ...error.body }));
}

/** \return whether it was the end */
function handle(event: string, data: string, handler: AnswerHandler): boolean {
  const value = JSON.parse(data) as Record<string, unknown>;
  if (event === 'done') handler.done(readProvenance(value));
  else if (event === 'error') handler.failed(failure(value), attemptsOf(value));
  else handler.text(pieceText(value));
  return event === 'done' || event === 'error';
}

/** Upstreams name the text of a piece differently. */
export function pieceText(piece: Record<string, unknown>): string {
  const text = [piece.delta, piece.text, piece.response, piece.content].find((value) => typeof value === 'string');
  return typeof text === 'string' ? text : '';
}
