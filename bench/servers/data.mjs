/** What the servers written by hand share: the shape of an answer, nothing of a request's way. */

/** A project as every server answers it, in this order of fields. */
export function toProject({
  _id,
  ownerId,
  createdBy,
  name,
  description,
  metadata,
  version,
  createdAt,
  updatedAt,
}) {
  return {
    id: _id.toHexString(),
    ownerId: ownerId.toHexString(),
    createdBy: createdBy.toHexString(),
    name,
    description: description ?? null,
    metadata,
    version,
    createdAt,
    updatedAt,
  };
}

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };

const project = {
  type: 'object',
  required: [
    'id',
    'ownerId',
    'createdBy',
    'name',
    'description',
    'metadata',
    'version',
    'createdAt',
    'updatedAt',
  ],
  properties: {
    id: text,
    ownerId: text,
    createdBy: text,
    name: text,
    description: { type: 'string', nullable: true },
    metadata: { type: 'object', additionalProperties: true },
    version: { type: 'integer' },
    createdAt: time,
    updatedAt: time,
  },
};

const success = { type: 'boolean' };

/** Response schemas, which Fastify compiles. */
export const one = { type: 'object', properties: { success, data: project } };
export const many = {
  type: 'object',
  properties: {
    success,
    data: { type: 'array', items: project },
    pagination: {
      type: 'object',
      properties: {
        limit: { type: 'integer' },
        offset: { type: 'integer', nullable: true },
        hasMore: { type: 'boolean' },
        nextCursor: { type: 'string', nullable: true },
      },
    },
  },
};
