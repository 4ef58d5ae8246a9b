import { applyDecorators } from '@nestjs/common';
import { SignedIn } from '../../platform/access/access.js';
import { OrganizationRequires } from '../../platform/access/chosen-owner.js';

/** For an owner's own webhooks; in an organization for those who lead it. */
export function Managed(): MethodDecorator {
  return applyDecorators(SignedIn(), OrganizationRequires('admin'));
}
