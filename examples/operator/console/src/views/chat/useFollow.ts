import { useEffect, useRef } from 'react';

const nearEnd = 60;

/** Keeps the end of a growing list in sight, unless one has scrolled up to read. */
export function useFollow(content: unknown) {
  const list = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  useEffect(() => {
    const element = list.current;
    const watch = () => {
      if (element) following.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd;
    };
    element?.addEventListener('scroll', watch, { passive: true });
    return () => element?.removeEventListener('scroll', watch);
  }, []);
  useEffect(() => {
    if (following.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [content]);
  return list;
}
