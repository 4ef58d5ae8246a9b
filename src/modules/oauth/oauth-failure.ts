import { apiError, ApiError, type ErrorDefinition } from '../../platform/errors/errors.js';
import { OAuthErrors } from './oauth.errors.js';

/** The fields of errors of openid-client and `fetch`. */
interface Told {
  /** Of an answer by OAuth: `access_denied`. */
  readonly error?: unknown;
  readonly code?: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
}

const REFUSED = new Set<unknown>([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
]);
const UNAVAILABLE = new Set<unknown>(['temporarily_unavailable', 'server_error']);
/** Timeouts, and statuses that say nothing about the request. */
const UNANSWERED = new Set<unknown>(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM']);

/**
 * Maps an error of a request to a provider to a coded error, and to a reason for the log that no outsider can choose.
 */
export function failureOf(cause: unknown): { readonly error: ApiError; readonly reason: string } {
  if (cause instanceof ApiError) return { error: cause, reason: cause.code };
  const told = (cause ?? {}) as Told;
  const reason = [told.error, told.code, told.name].find(
    (each) => typeof each === 'string' && /^\w{1,60}$/.test(each),
  );
  return {
    error: apiError(definitionOf(told), { cause }),
    reason: typeof reason === 'string' ? reason : 'unknown',
  };
}

function definitionOf({ error, code, name, message }: Told): ErrorDefinition {
  const isUnreachable = name === 'TypeError' && message === 'fetch failed';
  if (isUnreachable || UNAVAILABLE.has(error) || UNANSWERED.has(code))
    return OAuthErrors.PROVIDER_UNAVAILABLE;
  return name === 'AuthorizationResponseError' && REFUSED.has(error)
    ? OAuthErrors.PROVIDER_REFUSED
    : OAuthErrors.SIGN_IN_FAILED;
}
