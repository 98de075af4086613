import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useOptions } from '@/features/auth';
import { api, ApiError } from '@/lib/api';
import { t } from '@/lib/strings';
import { toast } from '@/lib/toasts';
import type { Member, Role, User, Workspace } from '@/lib/types';
import { Button, IconButton } from '@/ui/Button';
import { CopyButton } from '@/ui/CopyButton';
import { Dialog } from '@/ui/Dialog';
import { Field, FormError, Select } from '@/ui/Field';
import { beside } from '@/ui/focus-return';
import { Avatar, Skeleton } from '@/ui/parts';
import { optimistic, queryClient, reportFailure } from '@/ui/query';
import { useSubmit } from '@/ui/useSubmit';
import { forgetWorkspace } from './data';
import { tm } from './strings';
import './members.css';

const ROLES: readonly Role[] = ['owner', 'editor', 'commenter', 'viewer'];
const CHOICES = ROLES.map((value) => ({ value, label: tm(`role.${value}`) }));

/** An address that nobody else can open. */
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

type List = readonly Member[];

function AddMember({ workspace }: { workspace: Workspace }) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('editor');
  const field = useRef<HTMLInputElement>(null);
  const closed = useOptions().data?.signup_open === false;
  const form = useSubmit(async () => {
    const member = await api.post<Member>(`/api/workspaces/${workspace.id}/members`, { email: email.trim(), role });
    queryClient.setQueryData<List>(['members', workspace.id], (list) => [...(list ?? []).filter((one) => one.user_id !== member.user_id), member]);
    toast(tm('added', { name: member.name }));
    setEmail('');
    field.current?.focus();
  });
  return (
    <form className="members-add" onSubmit={form.onSubmit}>
      {form.error && <FormError>{form.error}</FormError>}
      <div className="members-add-row">
        <Field ref={field} label={tm('email')} type="email" autoComplete="off" autoFocus required value={email} onChange={(event) => setEmail(event.target.value)} />
        <Select label={tm('role')} value={role} choices={CHOICES} onChoose={setRole} />
        <Button kind="primary" type="submit" busy={form.busy}>
          {tm('add')}
        </Button>
      </div>
      <p className="members-invite">
        <span>{tm(closed ? 'invite_closed' : 'invite')}</span>
        {!closed && <CopyButton text={`${location.origin}/signup?next=/w/${workspace.id}`} label={tm('copy')} />}
      </p>
      {LOOPBACK.test(location.hostname) && <p className="members-note">{tm('loopback', { host: location.hostname })}</p>}
    </form>
  );
}

function Leave({ onLeave }: { onLeave: () => void }) {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <Button kind="quiet" icon="leave" onClick={() => setAsked(true)}>
        {tm('leave')}
      </Button>
    );
  }
  return (
    <div className="members-leave" role="alert">
      <span>{tm('leave_sure')}</span>
      <Button kind="danger" autoFocus onClick={onLeave}>
        {tm('leave_yes')}
      </Button>
      <Button onClick={() => setAsked(false)}>{t('dialog.cancel')}</Button>
    </div>
  );
}

interface MembersDialogProps {
  workspace: Workspace;
  me: User;
  onClose: () => void;
  onLeft: () => void;
}

export default function MembersDialog({ workspace, me, onClose, onLeft }: MembersDialogProps) {
  const key = ['members', workspace.id] as const;
  const url = `/api/workspaces/${workspace.id}/members`;
  const members = useQuery({ queryKey: key, queryFn: ({ signal }) => api.get<{ items: List }>(url, signal).then(({ items }) => items) });
  const owner = workspace.role === 'owner';
  const owners = members.data?.filter(({ role }) => role === 'owner').length ?? 0;
  const isLastOwner = (member: Member): boolean => member.role === 'owner' && owners === 1;

  const setRole = async (member: Member, role: Role): Promise<void> => {
    await optimistic<List, unknown>(
      key,
      (list) => list.map((one) => (one.user_id === member.user_id ? { ...one, role } : one)),
      () => api.patch(`${url}/${member.user_id}`, { role }),
      tm('role_failed', { name: member.name }),
    );
    if (member.user_id === me.id) void queryClient.invalidateQueries({ queryKey: ['workspaces'] });
  };

  const remove = async (member: Member): Promise<void> => {
    const { name, email, role } = member;
    const without = (list: List): List => list.filter((one) => one.user_id !== member.user_id);
    const done = await optimistic<List, true>(key, without, () => api.delete(`${url}/${member.user_id}`).then(() => true), tm('removed_failed', { name }));
    if (!done) return;
    const undo = (): void => {
      void optimistic<List, unknown>(key, (list) => [...list, member], () => api.post(url, { email, role }), tm('added_failed', { name }));
    };
    toast(tm('removed', { name }), { action: { label: t('undo'), run: undo } });
  };

  const leave = async (): Promise<void> => {
    try {
      await api.delete(`${url}/${me.id}`);
    } catch (error) {
      if (error instanceof ApiError && error.code === 'last_owner') toast(tm('only_owner'), { kind: 'error' });
      else reportFailure(tm('leave'), error);
      return;
    }
    onClose();
    forgetWorkspace(workspace.id);
    onLeft();
  };

  return (
    <Dialog open onClose={onClose} width="wide" title={tm('title', { name: workspace.name })}>
      {owner && <AddMember workspace={workspace} />}
      {members.isError && <FormError>{tm('load_failed')}</FormError>}
      {members.isPending && <Skeleton lines={3} />}
      <ul className="members">
        {members.data?.map((member) => {
          const self = member.user_id === me.id;
          return (
            <li key={member.user_id} className="member">
              <Avatar id={member.user_id} name={member.name} />
              <span className="member-name">
                <strong>{member.name}</strong> {self && <span className="member-you">({tm('you')})</span>}
                <span className="member-email">{member.email}</span>
              </span>
              {owner ? (
                <Select
                  label={tm('role.of', { name: member.name })}
                  value={member.role}
                  choices={CHOICES}
                  disabled={isLastOwner(member)}
                  onChoose={(role) => void setRole(member, role)}
                />
              ) : (
                <span className="member-role">{tm(`role.${member.role}`)}</span>
              )}
              {owner && (self ? <span className="member-gap" /> : <IconButton icon="x" label={tm('remove', { name: member.name })} onClick={(event) => { beside(event.currentTarget)(); void remove(member); }} />)}
            </li>
          );
        })}
      </ul>
      {members.data &&
        (members.data.some((member) => member.user_id === me.id && isLastOwner(member)) ? (
          <p className="members-note">{tm('only_owner')}</p>
        ) : (
          <Leave onLeave={() => void leave()} />
        ))}
    </Dialog>
  );
}
