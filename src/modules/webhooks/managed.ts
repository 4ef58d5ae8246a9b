import { applyDecorators } from '@nestjs/common';
import { SignedIn } from '../../platform/access/access.js';
import { OrganizationRequires } from '../../platform/access/chosen-owner.js';

/** For a user's own webhooks; in an organization for its administrators and owners. */
export function Managed(): MethodDecorator {
  return applyDecorators(SignedIn(), OrganizationRequires('admin'));
}
