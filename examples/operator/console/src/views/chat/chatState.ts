import type { Attempt, Transcript } from '../../api/types';

/** Where an answer came from, and what was tried before. */
export interface Provenance {
  source: string;
  reason?: string | undefined;
  provider?: string | undefined;
  model?: string | undefined;
  latencyMs?: number | undefined;
  degraded: boolean;
  attempts: Attempt[];
}

export type MessageState = 'complete' | 'streaming' | 'stopped' | 'failed';

export interface ChatMessage {
  id: string;
  role: 'user' | 'assistant';
  text: string;
  state: MessageState;
  at: string;
  provenance?: Provenance;
  error?: string;
}

export type ChatAction =
  | { type: 'ask'; id: string; text: string; at: string }
  | { type: 'text'; id: string; text: string }
  | { type: 'done'; id: string; provenance: Provenance }
  | { type: 'failed'; id: string; error: string; attempts: Attempt[] }
  | { type: 'stopped'; id: string };

export function reduceChat(messages: ChatMessage[], action: ChatAction): ChatMessage[] {
  if (action.type === 'ask') {
    const { id, text, at } = action;
    return [
      ...messages,
      { id: `${id}-question`, role: 'user', text, state: 'complete', at },
      { id, role: 'assistant', text: '', state: 'streaming', at },
    ];
  }
  // What arrives after the end, such as a piece behind a cancellation, changes nothing.
  return messages.map((message) =>
    message.id === action.id && message.state === 'streaming' ? changed(message, action) : message,
  );
}

function changed(message: ChatMessage, action: Exclude<ChatAction, { type: 'ask' }>): ChatMessage {
  switch (action.type) {
    case 'text':
      return { ...message, text: message.text + action.text };
    case 'done':
      return { ...message, state: 'complete', provenance: action.provenance };
    case 'stopped':
      return { ...message, state: 'stopped' };
    case 'failed': {
      const provenance = { source: '', degraded: true, attempts: action.attempts };
      return {
        ...message,
        state: 'failed',
        error: action.error,
        ...(action.attempts.length > 0 ? { provenance } : {}),
      };
    }
  }
}

/** The messages of a stored chat. */
export function fromTranscript(transcript: Transcript): ChatMessage[] {
  return transcript.messages.map((message, index) => {
    const shown: ChatMessage = {
      id: `stored-${index}`,
      role: message.role,
      text: message.content,
      state: message.metadata.complete === false ? 'stopped' : 'complete',
      at: message.timestamp,
    };
    return message.role === 'assistant'
      ? { ...shown, provenance: readProvenance({ metadata: message.metadata }) }
      : shown;
  });
}

type Fields = Record<string, unknown>;
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const textOf = (value: unknown) => (typeof value === 'string' && value ? value : undefined);

export function readAttempts(value: unknown): Attempt[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).map(fieldsOf).filter((each): each is Fields & Attempt => typeof each.name === 'string');
}

/** Of the end of an answer, of a stored one or of a live one. */
export function readProvenance(value: unknown): Provenance {
  const end = fieldsOf(value);
  const metadata = fieldsOf(end.metadata);
  const latency = end.latency_ms ?? metadata.latency_ms;
  return {
    source: textOf(end.fallback_source) ?? textOf(metadata.source) ?? textOf(metadata.fallback_source) ?? '',
    reason: textOf(metadata.reason),
    provider: textOf(end.provider ?? metadata.provider),
    model: textOf(end.model_used ?? metadata.model_used),
    latencyMs: typeof latency === 'number' ? latency : undefined,
    degraded: Boolean(end.degraded ?? metadata.degraded),
    attempts: readAttempts(metadata.attempts),
  };
}
