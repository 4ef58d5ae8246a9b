const record = (path: string) => [
  `POST ${path} 201`,
  `GET ${path} 200`,
  `GET ${path}/{id} 200`,
  `PATCH ${path}/{id} 200`,
  `DELETE ${path}/{id} 200`,
];

/**
 * The routes that clients know of each room of src, and how each answers success. A release takes none away and changes
 * no status without a line in CHANGELOG.md; more may be there.
 */
export const CONTRACT: Readonly<Record<string, readonly string[]>> = {
  'platform/monitoring': ['GET /health 200', 'GET /health/live 200', 'GET /health/ready 200'],
  'modules/account': ['POST /api/v1/auth/password/change 200'],
  'modules/mail-links': [
    'POST /api/v1/auth/password/forgot 202',
    'POST /api/v1/auth/password/reset 200',
    'POST /api/v1/auth/email/verify 200',
    'POST /api/v1/auth/email/verify/request 202',
    'POST /api/v1/auth/email/change 202',
    'POST /api/v1/auth/email/change/confirm 200',
  ],
  'modules/api-keys': [
    'POST /api/v1/auth/api-keys 201',
    'GET /api/v1/auth/api-keys 200',
    'DELETE /api/v1/auth/api-keys/{id} 200',
  ],
  'modules/auth': [
    'POST /api/v1/auth/register 201',
    'POST /api/v1/auth/login 200',
    'POST /api/v1/auth/refresh 200',
    'POST /api/v1/auth/logout 200',
    'GET /api/v1/auth/me 200',
    'POST /api/v1/auth/step-up 200',
  ],
  'modules/second-factor': [
    'POST /api/v1/auth/otp/enable 200',
    'POST /api/v1/auth/otp/confirm 200',
    'POST /api/v1/auth/otp/disable 200',
  ],
  'modules/oauth': [
    'GET /api/v1/auth/providers 200',
    'POST /api/v1/auth/oauth/{provider} 200',
    'POST /api/v1/auth/oauth/token 200',
    'POST /api/v1/auth/oauth/link 200',
    'POST /api/v1/auth/oauth/step-up 200',
  ],
  'modules/passkeys': [
    'POST /api/v1/auth/passkeys/options 200',
    'POST /api/v1/auth/passkeys 201',
    'GET /api/v1/auth/passkeys 200',
    'DELETE /api/v1/auth/passkeys/{id} 200',
    'POST /api/v1/auth/login/passkey/options 200',
    'POST /api/v1/auth/login/passkey 200',
    'POST /api/v1/auth/step-up/passkey 200',
  ],
  'modules/projects': [...record('/api/v1/projects'), 'PUT /api/v1/projects/{id} 200'],
  'modules/sessions': ['GET /api/v1/auth/sessions 200', 'DELETE /api/v1/auth/sessions/{id} 200'],
  'modules/identities': ['GET /api/v1/auth/identities 200', 'DELETE /api/v1/auth/identities/{id} 200'],
  'modules/supabase': ['POST /api/v1/auth/identities 201'],
  'modules/users': [...record('/api/v1/users'), 'POST /api/v1/users/{id}/delete 200'],
};
