import { define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resources. */
export const OrganizationErrors = defineErrors({
  ORGANIZATION_LIMIT_REACHED: define(
    409,
    'The user has reached the maximum number of organizations; leave one first',
  ),
  MEMBER_LIMIT_REACHED: define(409, 'The organization has reached its maximum number of members'),
  INVITATION_LIMIT_REACHED: define(
    409,
    'The organization has reached its maximum number of open invitations',
  ),
  ALREADY_A_MEMBER: define(409, 'The address belongs to a member'),
  INVALID_INVITATION: define(
    400,
    'The invitation was used, withdrawn or replaced, has expired, or is for another address',
  ),
});
