import { lazy } from 'react';

export const loadPalette = () => import('./Palette');
export const Palette = lazy(loadPalette);
