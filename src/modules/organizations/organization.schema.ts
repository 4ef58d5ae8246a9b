import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { RECORD_OPTIONS, StoredRecord } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

/** A group of users who share records. */
@Schema({ ...RECORD_OPTIONS, collection: 'organizations' })
export class Organization extends StoredRecord {
  @Prop({ type: String, required: true, maxlength: 300 })
  name!: string;

  /** Raised with every change of a member, in the same transaction, so that caches are invalidated. */
  @Prop({ type: Number, required: true })
  memberships!: number;
}

export const OrganizationSchema = SchemaFactory.createForClass(Organization);

/** Access depends on the members, not on an owner field. */
export const organizations = resource({
  name: 'organization',
  record: Organization,
  schema: OrganizationSchema,
  shared: true,
  permissions: [],
});
