import { type ApiError, apiError, type ErrorDefinition } from '../../platform/errors/errors.js';
import { toApiError } from '../../platform/http/failure.js';
import { OAuthErrors } from './oauth.errors.js';

/** The fields of errors of openid-client and `fetch`. */
interface ProviderError {
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
  const own = toApiError(cause);
  // The product's own refusals and outages are not the provider's fault.
  if (own.code !== 'INTERNAL_ERROR') return { error: own, reason: own.code };
  const error = (cause ?? {}) as ProviderError;
  const reason = [error.error, error.code, error.name].find(
    (each) => typeof each === 'string' && /^\w{1,60}$/.test(each),
  );
  return {
    error: apiError(definitionOf(error), { cause }),
    reason: typeof reason === 'string' ? reason : 'unknown',
  };
}

function definitionOf({ error, code, name, message }: ProviderError): ErrorDefinition {
  const isUnreachable = name === 'TypeError' && message === 'fetch failed';
  if (isUnreachable || UNAVAILABLE.has(error) || UNANSWERED.has(code))
    return OAuthErrors.PROVIDER_UNAVAILABLE;
  return name === 'AuthorizationResponseError' && REFUSED.has(error)
    ? OAuthErrors.PROVIDER_REFUSED
    : OAuthErrors.SIGN_IN_FAILED;
}
