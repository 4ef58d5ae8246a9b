import { define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, beside those that its resources make. */
export const OrganizationErrors = defineErrors({
  ORGANIZATION_LIMIT_REACHED: define(
    409,
    'The user is in as many organizations as a user may be; leave one first',
  ),
  MEMBER_LIMIT_REACHED: define(409, 'The organization has as many members as it may have'),
  INVITATION_LIMIT_REACHED: define(409, 'The organization has as many open invitations as it may have'),
  ALREADY_A_MEMBER: define(409, 'The address belongs to a member'),
  INVALID_INVITATION: define(
    400,
    'The invitation was used, withdrawn or replaced, has expired, or is for another address',
  ),
});
