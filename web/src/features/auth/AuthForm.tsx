import { useEffect, useRef, type ReactNode } from 'react';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Field';
import type { useSubmit } from '@/ui/useSubmit';

interface AuthFormProps {
  form: ReturnType<typeof useSubmit>;
  /** What the button says. */
  action: string;
  /** For a form that has nothing but its button. */
  autoFocus?: boolean;
  children?: ReactNode;
}

/** What went wrong, the fields, and the button that goes on. */
export function AuthForm({ form, action, autoFocus = false, children }: AuthFormProps) {
  const element = useRef<HTMLFormElement>(null);
  // What was refused is typed again: the code or the password, which only dots show.
  useEffect(() => {
    if (form.error === undefined) return;
    const field = element.current?.querySelector<HTMLInputElement>('.code-input, [autocomplete="current-password"]');
    field?.focus();
    field?.select();
  }, [form.error]);
  return (
    <form ref={element} className="auth-form" onSubmit={form.onSubmit}>
      {form.error && <FormError>{form.error}</FormError>}
      {children}
      <Button kind="primary" type="submit" busy={form.busy} autoFocus={autoFocus}>
        {action}
      </Button>
    </form>
  );
}
