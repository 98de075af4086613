import { useEffect, useSyncExternalStore } from 'react';
import { useLocation } from 'wouter';
import { formatBytes, formatNumber } from '@/lib/i18n';
import { displayName } from '@/lib/paths';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { FormError } from '@/ui/Field';
import { leaveFocus } from '@/ui/focus-return';
import { cancelImport, importState, onImportChange, replaceKept, type ImportState, type ItemStatus } from './job';
import { ti } from './strings';
import { importIsHidden, importIsSeen } from './unseen';
import './import.css';

const LISTED = 500;
const STATUSES: readonly ItemStatus[] = ['created', 'updated', 'unchanged', 'kept', 'refused'];

interface Line {
  readonly path: string;
  readonly note?: string;
}

function FileList({ lines }: { lines: readonly Line[] }) {
  const [only, more] = lines;
  if (!only) return null;
  if (!more) {
    return (
      <p className="import-files">
        <bdi>{only.path}</bdi> {only.note && <span className="import-note">{only.note}</span>}
      </p>
    );
  }
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
  const reasons = [...new Set(job.skipped.map(({ reason }) => reason))];
  const noMarkdown = job.skipped.every(({ reason }) => reason !== 'too_large' && reason !== 'not_utf8');
  return (
    <>
      {job.phase === 'cancelled' && <p>{ti('cancelled')}</p>}
      {job.phase === 'failed' && <FormError>{ti('failed', { reason: job.reason ?? '' })}</FormError>}
      {job.phase === 'done' && job.total === 0 && <p>{ti(noMarkdown ? 'nothing' : 'nothing_fit')}</p>}
      <ul className="import-counts">
        {STATUSES.map((status) => (
          <Count key={status} count={job.counts[status]} label={ti(status, { count: job.counts[status] })} lines={lines[status] ?? []} />
        ))}
        {reasons.map((reason) => {
          const files = job.skipped.filter((one) => one.reason === reason).map(({ path }) => ({ path }));
          return <Count key={reason} count={files.length} label={ti(`skipped.${reason}`, { count: files.length, limit: formatBytes(job.maxBytes) })} lines={files} />;
        })}
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

interface ImportDialogProps {
  onClose: () => void;
  /** Shows it again. */
  onShow: () => void;
}

export default function ImportDialog({ onClose, onShow }: ImportDialogProps) {
  const job = useSyncExternalStore(onImportChange, importState);
  const [, navigate] = useLocation();
  useEffect(importIsSeen, []);
  if (!job) return null;
  const open = ({ workspaceId }: ImportState, { id }: { id: string }) => (): void => {
    leaveFocus();
    onClose();
    navigate(`/w/${workspaceId}/d/${id}`);
  };
  const hide = (): void => {
    onClose();
    importIsHidden(onShow);
  };
  const running = job.phase === 'reading' || job.phase === 'sending';
  return (
    <Dialog open onClose={running ? hide : onClose} title={ti('title')}>
      <div aria-live="polite">{running ? <Progress job={job} /> : <Result job={job} />}</div>
      <DialogActions>
        {running ? (
          <>
            <Button onClick={hide}>{ti('background')}</Button>
            <Button kind="danger" onClick={cancelImport}>
              {ti('cancel')}
            </Button>
          </>
        ) : (
          <>
            {job.first ? (
              <>
                <Button kind="primary" autoFocus onClick={open(job, job.first)}>
                  {ti('open', { name: displayName(job.first.path) })}
                </Button>
                <Button onClick={onClose}>{ti('close')}</Button>
              </>
            ) : (
              <Button kind="primary" autoFocus onClick={onClose}>
                {ti('close')}
              </Button>
            )}
            {job.kept.length > 0 && <Button onClick={replaceKept}>{ti('replace')}</Button>}
          </>
        )}
      </DialogActions>
    </Dialog>
  );
}
