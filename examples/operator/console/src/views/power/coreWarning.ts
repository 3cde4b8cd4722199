import type { ServiceAction } from '../../api/types';

const consequences: Record<string, string> = {
  madre: 'without it no window opens or closes, no service starts or stops, and no chat falls back to it',
  tentaculo_link: 'it is the gateway, without which chats, windows and this console reach nothing',
  redis: 'without it the core is not whole, and what the modules keep there cannot be read',
};

/** What a command for a part of the core ends; `null`: it ends nothing of the core. */
export function coreWarning(name: string, category: string, action: ServiceAction): string | null {
  if (category !== 'core' || action === 'start') return null;
  const consequence = consequences[name] ?? 'without it the core is not whole';
  const until =
    action === 'restart'
      ? 'Until it is back, commands and chats can fail.'
      : name === 'redis'
        ? 'It stays so until redis is started again.'
        : `This console cannot start ${name} again: that takes a shell on its machine.`;
  return `${name} is a part of the core: ${consequence}. ${until}`;
}
