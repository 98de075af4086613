import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';

/** The one way on from a screen that has nothing else. */
export function FocusedLink({ to, children }: { to: string; children: ReactNode }) {
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => link.current?.focus(), []);
  return (
    <Link ref={link} className="button button-primary" href={to}>
      {children}
    </Link>
  );
}
