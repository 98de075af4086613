export { canEdit, lastWorkspace, rememberWorkspace, useWorkspace, useWorkspaces } from './data';
export { Welcome } from './Welcome';
export { promptNewWorkspace, workspaceItems, WorkspaceMenu } from './WorkspaceMenu';
