import { partView } from '../components/partView';
import { Overview } from '../views/overview/Overview';

/** The views, in the order of the navigation. All but the first have scripts of their own. */
export const views = [
  { path: '/', title: 'Overview', icon: 'M3 3h7v9H3zM14 3h7v5h-7zM14 12h7v9h-7zM3 16h7v5H3z', view: Overview },
  { path: '/chat', title: 'Chat', icon: 'M4 4h16v12H9l-5 4z', view: partView(() => import('../views/chat/Chat')) },
  {
    path: '/power',
    title: 'Power',
    icon: 'M12 3v9M6.5 6.5a8 8 0 1 0 11 0',
    view: partView(() => import('../views/power/Power')),
  },
  {
    path: '/events',
    title: 'Events',
    icon: 'M3 12h4l3-8 4 16 3-8h4',
    view: partView(() => import('../views/events/Events')),
  },
  {
    path: '/breakers',
    title: 'Breakers',
    icon: 'M2 12h6l7-6M16 12h6M15 12h.1',
    view: partView(() => import('../views/breakers/Breakers')),
  },
  {
    path: '/audit',
    title: 'Audit',
    icon: 'M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3',
    view: partView(() => import('../views/audit/Audit')),
  },
  {
    path: '/settings',
    title: 'Settings',
    icon: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 4.5v5M6 14.5v5',
    view: partView(() => import('../views/settings/Settings')),
  },
] as const;

/** Loads every view, so that each opens at once, and while the backend is away as well. */
export function preloadViews(): void {
  for (const { view } of views) if ('preload' in view) view.preload();
}
