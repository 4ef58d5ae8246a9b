import type { OrganizationRole } from '../../platform/access/memberships.js';

/** A page for who is signed in. Those of features are made from their declarations. */
export interface ConsolePage {
  /** Relative to the product's address, of one or two segments. */
  readonly path: string;
  /** `web/files/<script>.js` exports `show(view, context)`, which fills the page and returns its title. */
  readonly script: string;
  /** Shows one record of the page, at `<path>/<id>`; `context.id` names it. */
  readonly recordScript?: string;
  /** What its link in the sidebar says. */
  readonly title: string;
  /** A name of `web/files/icons.js`. */
  readonly icon: string;
  /** The heading of the sidebar that the link stands below; none for the first links of all. */
  readonly section: '' | 'Records' | 'Work' | 'Account' | 'Administration' | 'Developers';
  /** Whom the link is shown to; everybody without it. What the page asks for is refused by the server all the same. */
  readonly role?: 'admin';
  /** In an organization its link is shown to members with this role or more. */
  readonly organizationRole?: OrganizationRole;
  /** The address of a controller, without which the page is left out: that of a part that can be taken out. */
  readonly needs?: string;
  /** It is left out in production. */
  readonly development?: true;
}

/** Every page of the console's own, in the order of the sidebar. */
export const CONSOLE_PAGES: readonly ConsolePage[] = [
  { path: 'dashboard', script: 'overview', title: 'Overview', icon: 'overview', section: '' },
  {
    path: 'console/files',
    script: 'files',
    recordScript: 'file',
    title: 'Files',
    icon: 'files',
    section: 'Records',
    needs: 'api/v1/files',
  },
  {
    path: 'console/executions',
    script: 'executions',
    recordScript: 'execution',
    title: 'Executions',
    icon: 'executions',
    section: 'Work',
    needs: 'api/v1/executions',
  },
  {
    path: 'console/activity',
    script: 'activity',
    title: 'Activity',
    icon: 'activity',
    section: 'Work',
    organizationRole: 'admin',
    needs: 'api/v1/audit',
  },
  { path: 'console/profile', script: 'profile', title: 'Profile', icon: 'profile', section: 'Account' },
  { path: 'console/security', script: 'security', title: 'Security', icon: 'security', section: 'Account' },
  { path: 'console/sessions', script: 'sessions', title: 'Sessions', icon: 'sessions', section: 'Account' },
  {
    path: 'console/api-keys',
    script: 'api-keys',
    title: 'API keys',
    icon: 'keys',
    section: 'Account',
    organizationRole: 'admin',
    needs: 'api/v1/auth/api-keys',
  },
  {
    path: 'console/organization',
    script: 'members',
    title: 'Members',
    icon: 'users',
    section: 'Account',
    needs: 'api/v1/organizations',
  },
  {
    path: 'console/status',
    script: 'system',
    title: 'System',
    icon: 'system',
    section: 'Administration',
    role: 'admin',
  },
  {
    path: 'console/schedules',
    script: 'schedules',
    title: 'Schedules',
    icon: 'executions',
    section: 'Administration',
    role: 'admin',
    needs: 'api/v1/schedules',
  },
  {
    path: 'console/webhooks',
    script: 'webhooks',
    recordScript: 'webhook',
    title: 'Webhooks',
    icon: 'webhooks',
    section: 'Developers',
    organizationRole: 'admin',
    needs: 'api/v1/webhooks',
  },
  {
    path: 'console/outbox',
    script: 'outbox',
    title: 'Outbox',
    icon: 'outbox',
    section: 'Developers',
    development: true,
  },
];
