import { useEffect, useState } from 'react';
import { copyText } from '@/lib/clipboard';
import { t } from '@/lib/strings';
import { Button } from './Button';

const SHOWN_MS = 2_000;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button icon={copied ? 'check' : 'copy'} onClick={() => void copyText(text).then(setCopied)}>
      <span aria-live="polite">{copied ? t('copied') : label}</span>
    </Button>
  );
}
