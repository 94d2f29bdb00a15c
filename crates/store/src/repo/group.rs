//! Groups: who is in them, and which groups are inside others.

use std::collections::BTreeSet;

use fernamt_domain::{DirectoryId, GroupId, PersonId, PersonSource};
use time::OffsetDateTime;

use super::repository;
use crate::{
    StoreError,
    page::{Page, Paged},
    record::{record, search_text},
    scope::{Writing, any, is, is_in},
};

record! {
    /// A group of people.
    pub struct GroupRecord in "group", key(id) journaled {
        /// The id.
        id: GroupId => Account,
        /// The name, unique within the tenant.
        name: String => Account,
        /// Where the group is kept.
        source: PersonSource => Account,
        /// The directory that the group is kept in.
        directory: Option<DirectoryId> => Account,
        /// The distinguished name there.
        directory_dn: Option<String> => Account,
        /// What identifies the group there for good: `objectGUID` or `entryUUID`.
        directory_key: Option<String> => Account,
        /// When it was made.
        created_at: OffsetDateTime => Account,
    }
    derived |group| {
        search: String => Account = search_text(&[&group.name]);
    }
}

record! {
    /// A person in a group.
    pub struct GroupMemberRecord in "group_member", key(group, person) journaled {
        /// The group.
        group: GroupId => Account,
        /// The person.
        person: PersonId => Account,
    }
}

record! {
    /// A group inside another.
    pub struct GroupNestingRecord in "group_nesting", key(parent, child) journaled {
        /// The outer group.
        parent: GroupId => Account,
        /// The inner group, whose members belong to the outer one too.
        child: GroupId => Account,
    }
}

repository! {
    /// Groups, their members and their nesting.
    Groups
}

impl<A> Groups<'_, A> {
    /// The group with this id.
    pub async fn get(&self, id: GroupId) -> Result<GroupRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// The group with exactly this name.
    pub async fn by_name(&self, name: &str) -> Result<Option<GroupRecord>, StoreError> {
        self.scope.find(is("name", &name.to_owned())).one().await
    }

    /// All groups that are kept in a directory.
    pub async fn of_directory(&self, directory: DirectoryId) -> Result<Vec<GroupRecord>, StoreError> {
        self.scope.find(is("directory", &directory)).order("name").all().await
    }

    /// A page of groups by name.
    pub async fn list(&self, page: &Page) -> Result<Paged<GroupRecord>, StoreError> {
        self.scope.page(any(), "name", page).await
    }

    /// All groups by name.
    pub async fn all(&self) -> Result<Vec<GroupRecord>, StoreError> {
        self.scope.find(any()).order("name").all().await
    }

    /// Who is in a group directly.
    pub async fn members(&self, id: GroupId) -> Result<Vec<PersonId>, StoreError> {
        let rows = self.scope.find::<GroupMemberRecord>(is("group", &id)).order("person").all().await?;
        Ok(rows.into_iter().map(|row| row.person).collect())
    }

    /// How many people are in a group directly.
    pub async fn member_count(&self, id: GroupId) -> Result<u64, StoreError> {
        self.scope.count::<GroupMemberRecord>(is("group", &id)).await
    }

    /// Which groups are directly inside a group.
    pub async fn children(&self, id: GroupId) -> Result<Vec<GroupId>, StoreError> {
        let rows = self.scope.find::<GroupNestingRecord>(is("parent", &id)).order("child").all().await?;
        Ok(rows.into_iter().map(|row| row.child).collect())
    }

    /// All nestings, as pairs of outer and inner group.
    pub async fn nestings(&self) -> Result<Vec<(GroupId, GroupId)>, StoreError> {
        let rows = self.scope.find::<GroupNestingRecord>(any()).order("parent").order("child").all().await?;
        Ok(rows.into_iter().map(|row| (row.parent, row.child)).collect())
    }

    /// The groups that a person is in directly.
    pub async fn of_person(&self, person: PersonId) -> Result<Vec<GroupId>, StoreError> {
        let rows = self.scope.find::<GroupMemberRecord>(is("person", &person)).order("group").all().await?;
        Ok(rows.into_iter().map(|row| row.group).collect())
    }

    /// The groups that a person is in, directly or by nesting.
    pub async fn all_of_person(&self, person: PersonId) -> Result<BTreeSet<GroupId>, StoreError> {
        let direct = self.of_person(person).await?;
        self.closure(direct, "child", |row| row.parent).await
    }

    /// The groups inside a group, at any depth, with itself.
    pub async fn all_within(&self, id: GroupId) -> Result<BTreeSet<GroupId>, StoreError> {
        self.closure(vec![id], "parent", |row| row.child).await
    }

    /// Who is in a group, directly or by nesting.
    pub async fn all_members(&self, id: GroupId) -> Result<BTreeSet<PersonId>, StoreError> {
        let groups = self.all_within(id).await?;
        let rows = self.scope.find::<GroupMemberRecord>(is_in("group", &groups)).all().await?;
        Ok(rows.into_iter().map(|row| row.person).collect())
    }

    /// Follows nestings level by level; each group is visited once, so it ends.
    async fn closure(
        &self,
        start: Vec<GroupId>,
        from: &'static str,
        next: fn(&GroupNestingRecord) -> GroupId,
    ) -> Result<BTreeSet<GroupId>, StoreError> {
        let mut found: BTreeSet<_> = start.iter().copied().collect();
        let mut level = start;
        while !level.is_empty() {
            let rows = self.scope.find::<GroupNestingRecord>(is_in(from, &level)).all().await?;
            level = rows.iter().map(next).filter(|group| found.insert(*group)).collect();
        }
        Ok(found)
    }
}

impl Groups<'_, Writing> {
    /// Adds a group.
    pub async fn insert(&self, group: &GroupRecord) -> Result<(), StoreError> {
        self.scope.insert(group).await
    }

    /// Writes all columns of a group.
    pub async fn update(&self, group: &GroupRecord) -> Result<(), StoreError> {
        self.scope.replace(group).await
    }

    /// Removes a group with its memberships and nestings.
    pub async fn remove(&self, id: GroupId) -> Result<(), StoreError> {
        self.scope.delete_one::<GroupRecord>(is("id", &id)).await
    }

    /// Puts a person into a group. Tells whether that changed anything.
    pub async fn add_member(&self, group: GroupId, person: PersonId) -> Result<bool, StoreError> {
        self.scope.insert_if_absent(&GroupMemberRecord { group, person }).await
    }

    /// Takes a person out of a group. Tells whether that changed anything.
    pub async fn remove_member(&self, group: GroupId, person: PersonId) -> Result<bool, StoreError> {
        let count = self.scope.delete::<GroupMemberRecord>(is("group", &group).add(is("person", &person))).await?;
        Ok(count > 0)
    }

    /// Gives a group exactly these members. Tells whether that changed anything.
    pub async fn set_members(&self, group: GroupId, people: &[PersonId]) -> Result<bool, StoreError> {
        let wanted: BTreeSet<_> = people.iter().copied().collect();
        let there: BTreeSet<_> = self.members(group).await?.into_iter().collect();
        for person in there.difference(&wanted) {
            self.remove_member(group, *person).await?;
        }
        for person in wanted.difference(&there) {
            self.add_member(group, *person).await?;
        }
        Ok(wanted != there)
    }

    /// Puts a group inside another. A group that would hold itself is a conflict.
    pub async fn add_child(&self, parent: GroupId, child: GroupId) -> Result<bool, StoreError> {
        if self.all_within(child).await?.contains(&parent) {
            return Err(StoreError::conflict("group_nesting.cycle"));
        }
        self.scope.insert_if_absent(&GroupNestingRecord { parent, child }).await
    }

    /// Takes a group out of another. Tells whether that changed anything.
    pub async fn remove_child(&self, parent: GroupId, child: GroupId) -> Result<bool, StoreError> {
        let filter = is("parent", &parent).add(is("child", &child));
        Ok(self.scope.delete::<GroupNestingRecord>(filter).await? > 0)
    }

    /// Puts exactly these groups inside a group. Tells whether that changed anything.
    pub async fn set_children(&self, parent: GroupId, children: &[GroupId]) -> Result<bool, StoreError> {
        let wanted: BTreeSet<_> = children.iter().copied().collect();
        let there: BTreeSet<_> = self.children(parent).await?.into_iter().collect();
        for child in there.difference(&wanted) {
            self.remove_child(parent, *child).await?;
        }
        for child in wanted.difference(&there) {
            self.add_child(parent, *child).await?;
        }
        Ok(wanted != there)
    }
}
