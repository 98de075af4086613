import { useSyncExternalStore } from 'react';
import { formatNumber } from '@/lib/i18n';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { FormError } from '@/ui/Field';
import { cancelImport, importState, onImportChange, replaceKept, type ImportState, type ItemStatus } from './job';
import { ti } from './strings';
import './import.css';

const LISTED = 500;
const STATUSES: readonly ItemStatus[] = ['created', 'updated', 'unchanged', 'kept', 'refused'];

interface Line {
  readonly path: string;
  readonly note?: string;
}

function FileList({ lines }: { lines: readonly Line[] }) {
  if (lines.length === 0) return null;
  return (
    <details className="import-files">
      <summary>{ti('show', { count: lines.length })}</summary>
      <ul>
        {lines.slice(0, LISTED).map(({ path, note }) => (
          <li key={path}>
            <bdi>{path}</bdi> {note && <span className="import-note">{note}</span>}
          </li>
        ))}
        {lines.length > LISTED && <li>{ti('more', { count: lines.length - LISTED })}</li>}
      </ul>
    </details>
  );
}

function Count({ count, label, lines = [] }: { count: number; label: string; lines?: readonly Line[] }) {
  if (count === 0) return null;
  return (
    <li>
      <strong>{formatNumber(count)}</strong> {label}
      <FileList lines={lines} />
    </li>
  );
}

function Result({ job }: { job: ImportState }) {
  const lines: Partial<Record<ItemStatus, readonly Line[]>> = {
    kept: job.kept,
    refused: job.refused.map(({ path, detail }) => ({ path, note: detail })),
  };
  const skipped = job.skipped.map(({ path, reason }) => ({ path, note: ti(`reason.${reason}`) }));
  return (
    <>
      {job.phase === 'cancelled' && <p>{ti('cancelled')}</p>}
      {job.phase === 'failed' && <FormError>{ti('failed', { reason: job.reason ?? '' })}</FormError>}
      {job.phase === 'done' && job.total === 0 && <p>{ti('nothing')}</p>}
      <ul className="import-counts">
        {STATUSES.map((status) => (
          <Count key={status} count={job.counts[status]} label={ti(status)} lines={lines[status] ?? []} />
        ))}
        <Count count={job.skipped.length} label={ti('skipped')} lines={skipped} />
      </ul>
    </>
  );
}

function Progress({ job }: { job: ImportState }) {
  const text = job.phase === 'reading' ? ti('reading', { count: job.found }) : ti('sending', { sent: job.sent, total: job.total });
  return (
    <div className="import-progress">
      <progress aria-label={ti('title')} max={job.total || 1} value={job.phase === 'reading' ? undefined : job.sent} />
      <span>{text}</span>
    </div>
  );
}

export default function ImportDialog({ onClose }: { onClose: () => void }) {
  const job = useSyncExternalStore(onImportChange, importState);
  if (!job) return null;
  const running = job.phase === 'reading' || job.phase === 'sending';
  return (
    <Dialog open onClose={onClose} title={ti('title')}>
      <div aria-live="polite">{running ? <Progress job={job} /> : <Result job={job} />}</div>
      <DialogActions>
        {running ? (
          <>
            <Button onClick={onClose}>{ti('background')}</Button>
            <Button kind="danger" onClick={cancelImport}>
              {ti('cancel')}
            </Button>
          </>
        ) : (
          <>
            <Button kind="primary" autoFocus onClick={onClose}>
              {ti('close')}
            </Button>
            {job.kept.length > 0 && <Button onClick={replaceKept}>{ti('replace')}</Button>}
          </>
        )}
      </DialogActions>
    </Dialog>
  );
}
