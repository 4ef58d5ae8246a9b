import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema, type Types } from 'mongoose';
import { ORGANIZATION_ROLES, type OrganizationRole } from '../../platform/access/memberships.js';
import { RECORD_OPTIONS, StoredRecord } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

/** A user in an organization. */
@Schema({ ...RECORD_OPTIONS, collection: 'organization_members' })
export class OrganizationMember extends StoredRecord {
  @Prop({ type: MongooseSchema.Types.ObjectId, required: true })
  organizationId!: Types.ObjectId;

  @Prop({ type: MongooseSchema.Types.ObjectId, required: true })
  userId!: Types.ObjectId;

  @Prop({ type: String, enum: ORGANIZATION_ROLES, required: true })
  role!: OrganizationRole;
}

export const OrganizationMemberSchema = SchemaFactory.createForClass(OrganizationMember);

// `GET /organizations/:id/members`: newest first, with cursors; counting them.
OrganizationMemberSchema.index({ organizationId: 1, createdAt: -1, _id: -1 });
// Changing a member. A user is in an organization once.
OrganizationMemberSchema.index({ organizationId: 1, userId: 1 }, { unique: true });
// `GET /organizations`: those of a user, newest first, with cursors.
OrganizationMemberSchema.index({ userId: 1, createdAt: -1, _id: -1 });

export const members = resource({
  name: 'member',
  record: OrganizationMember,
  schema: OrganizationMemberSchema,
  shared: true,
  permissions: [],
  unique: ['userId'],
});
