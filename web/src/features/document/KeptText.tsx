import type { User } from '@/lib/types';
import { Drafts } from './Banners';
import { useDocumentSession } from './use-session';
import './document.css';

/** What somebody wrote in a document that they may not even see any more. */
export function KeptText({ documentId, me }: { documentId: string; me: User }) {
  return <Drafts session={useDocumentSession(documentId, me)} />;
}
