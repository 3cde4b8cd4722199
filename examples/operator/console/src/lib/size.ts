/** Bytes in UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The longest message of the WebSocket, which ends with a longer one, and all its chats with it. */
export const frameBytes = 64 * 1024;

const roomForIds = 512;

/** Why a question cannot be sent; escapes of JSON count. */
export function tooLong(question: string): string | undefined {
  const size = bytesOf(JSON.stringify(question)) + roomForIds;
  if (size <= frameBytes) return undefined;
  return `The message has ${Math.ceil(size / 1024)} KiB; a message has ${frameBytes / 1024} KiB at most.`;
}
