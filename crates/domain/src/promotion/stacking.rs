//! Which promotions go together in one cart.

use crate::kernel::Handle;

/// Name of a group of promotions that are treated alike.
pub type GroupName = Handle;

/// Which other promotions one goes together with.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combines {
    /// With all that accept it.
    #[default]
    All,
    /// With none: it stands alone.
    None,
    /// With those of these groups that accept it.
    Groups(Vec<GroupName>),
}

/// How a promotion combines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stacking {
    /// The group that it belongs to.
    pub group: Option<GroupName>,
    /// What it goes together with.
    pub combines: Combines,
}

impl Stacking {
    fn accepts(&self, other: &Self) -> bool {
        match &self.combines {
            Combines::All => true,
            Combines::None => false,
            Combines::Groups(groups) => other.group.as_ref().is_some_and(|group| groups.contains(group)),
        }
    }

    /// Whether both may apply to one cart: each has to accept the other.
    pub fn combines_with(&self, other: &Self) -> bool {
        self.accepts(other) && other.accepts(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotions_combine_when_each_accepts_the_other() {
        let name = |text: &str| text.parse::<GroupName>().unwrap();
        let stacking = |group: Option<&str>, combines| Stacking { group: group.map(name), combines };
        let open = stacking(None, Combines::All);
        let alone = stacking(None, Combines::None);
        let season = stacking(Some("season"), Combines::All);
        let picky = stacking(Some("loyalty"), Combines::Groups(vec![name("season")]));
        for (left, right, expected) in [
            (&open, &open, true),
            (&open, &alone, false),
            (&alone, &alone, false),
            (&picky, &season, true),
            (&picky, &open, false),
            (&picky, &picky, false),
        ] {
            assert_eq!(left.combines_with(right), expected, "{left:?} {right:?}");
            assert_eq!(right.combines_with(left), expected, "{right:?} {left:?}");
        }
    }
}
