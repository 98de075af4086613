import { useEffect, useRef } from 'react';
import { downloadText } from '@/lib/download';
import { Button } from '@/ui/Button';
import { CopyButton } from '@/ui/CopyButton';
import { focusHeading } from '@/ui/focus-return';
import { tx } from './strings';

interface RecoveryCodesProps {
  codes: readonly string[];
  email: string;
  onKept: () => void;
}

/** Shown once, right after they were made. */
export function RecoveryCodes({ codes, email, onKept }: RecoveryCodesProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => focusHeading(heading.current), []);
  const file = `${tx('codes.file', { email, host: window.location.host })}\n\n${codes.join('\n')}\n`;
  return (
    <div className="key-fresh" role="status">
      <h3 ref={heading}>{tx('codes.title')}</h3>
      <p>{tx('codes.text')}</p>
      <ul className="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="settings-buttons">
        <CopyButton text={codes.join('\n')} label={tx('codes.copy')} />
        <Button icon="download" onClick={() => downloadText('mdreader-recovery-codes.txt', file, 'text/plain')}>
          {tx('codes.download')}
        </Button>
        <Button kind="primary" onClick={onKept}>
          {tx('codes.kept')}
        </Button>
      </div>
    </div>
  );
}
