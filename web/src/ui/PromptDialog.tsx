import { useState, type ReactNode } from 'react';
import { t } from '@/lib/strings';
import { Button } from './Button';
import { Dialog, DialogActions } from './Dialog';
import { Field, FormError } from './Field';
import { useSubmit } from './useSubmit';

export interface PromptProps {
  title: string;
  label: string;
  initial?: string;
  hint?: ReactNode;
  submit: string;
  onSubmit: (value: string) => Promise<void>;
  onClose: () => void;
}

/** Asks for one line of text; stays open and says why when the server refuses it. */
export default function PromptDialog({ title, label, initial = '', hint, submit, onSubmit, onClose }: PromptProps) {
  const [value, setValue] = useState(initial);
  const form = useSubmit(async () => {
    await onSubmit(value.trim());
    onClose();
  });
  return (
    <Dialog open onClose={onClose} title={title}>
      <form className="dialog-form" onSubmit={form.onSubmit}>
        {form.error && <FormError>{form.error}</FormError>}
        <Field
          label={label}
          hint={hint}
          value={value}
          autoFocus
          required
          maxLength={200}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setValue(event.target.value)}
        />
        <DialogActions>
          <Button kind="primary" type="submit" busy={form.busy}>
            {submit}
          </Button>
          <Button onClick={onClose}>{t('dialog.cancel')}</Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
