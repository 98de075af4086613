export { DropZone } from './DropZone';
export { exportWorkspace, pickImport } from './open';
