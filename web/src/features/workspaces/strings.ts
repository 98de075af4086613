import { catalogue } from '@/lib/i18n';

export const tm = catalogue({
  title: 'Members of {name}',
  add: 'Add',
  email: 'Email of somebody with an account here',
  role: 'Role',
  'role.owner': 'Owner',
  'role.editor': 'Editor',
  'role.commenter': 'Commenter',
  'role.viewer': 'Viewer',
  'role.of': 'Role of {name}',
  invite: 'No account yet? Send them this address to sign up, then add them here.',
  copy: 'Copy address',
  loopback:
    'You opened mdreader at {host}, which only this machine reaches. For others, start the server with HOST=0.0.0.0 and open it at the address that it prints.',
  you: 'you',
  remove: 'Remove {name}',
  removed: '{name} was removed.',
  removed_failed: '{name} was not removed.',
  role_failed: 'The role of {name} was not changed.',
  added: '{name} is now a member.',
  added_failed: '{name} was not added again.',
  leave: 'Leave workspace',
  leave_sure: 'Leave for good? An owner would have to add you again.',
  leave_yes: 'Leave',
  only_owner: 'You are the only owner. Make somebody else an owner before you leave or step down.',
  load_failed: 'The members could not be loaded.',
});
