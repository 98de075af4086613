import { Component, type ReactNode } from 'react';
import { t } from '@/lib/strings';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/parts';

/** A part that broke says so in its place; the rest of the page goes on. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <EmptyState title={t('broken.title')} text={t('broken.text')}>
        <Button kind="primary" onClick={() => location.reload()}>
          {t('broken.reload')}
        </Button>
      </EmptyState>
    );
  }
}
