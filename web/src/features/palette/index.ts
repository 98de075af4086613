import { lazy } from 'react';

export const loadPalette = () => import('./Palette');
export const Palette = lazy(loadPalette);
export { Opening as PaletteOpening } from './Opening';
