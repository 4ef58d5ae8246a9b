import type { OpenAPIObject } from '@nestjs/swagger';
import { type Permission, PERMISSION_FORM } from '../access/caller.js';

interface Listed {
  type?: string;
  pattern?: string;
  enum?: string[];
  readonly items?: Listed;
  readonly properties?: Readonly<Record<string, Listed>>;
}

/** Lists the permissions where one is taken or answered: a class cannot, since features declare them. */
export function listPermissions(document: OpenAPIObject, permissions: ReadonlySet<Permission>): void {
  for (const schema of Object.values(document.components?.schemas ?? {}) as Listed[]) {
    for (const { items } of Object.values(schema.properties ?? {})) {
      if (items?.pattern !== PERMISSION_FORM.source) continue;
      delete items.pattern;
      items.enum = [...permissions];
    }
  }
}
