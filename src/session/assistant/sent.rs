//! An insight on its way between a worker and the page: what has changed since the last one, rows of numbers as bytes. Both
//! ends would otherwise read and write everything number by number whenever anything changes, and no frame is drawn meanwhile.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::insight::{Churn, Estimate, Insight, Pick, Tint};
use crate::session::project::{LabelId, TextId};

/// What turns an earlier [`Insight`] into a later one.
#[derive(Serialize, Deserialize)]
pub(super) struct Sent {
    features: (usize, usize),
    queue: Vec<Pick>,
    reserve: Bytes,
    labels: Vec<LabelId>,
    probabilities: Matrix,
    estimate: Option<Estimate>,
    history: Vec<Estimate>,
    churn: Option<Churn>,
    tints: Rows<Tint>,
    similar: Rows<TextId>,
    /// Texts and their places; `None` where the map is as it was.
    map: Option<(Bytes, Bytes)>,
    trouble: Option<String>,
}

/// Rows that are gone, and rows that are new or another.
#[derive(Serialize, Deserialize)]
struct Rows<T> {
    gone: Vec<TextId>,
    new: Vec<(TextId, Vec<T>)>,
}

/// The same of rows of numbers that are all equally long.
#[derive(Serialize, Deserialize)]
struct Matrix {
    /// Nothing that was there stays.
    afresh: bool,
    gone: Bytes,
    texts: Bytes,
    numbers: Bytes,
}

/// A row a text.
type Table<T> = HashMap<TextId, Arc<[T]>>;
type Row<T> = (TextId, Arc<[T]>);

/// The texts whose rows are gone, and the rows that are not the very same.
fn changes<T>(before: &Table<T>, now: &Table<T>) -> (Vec<TextId>, Vec<Row<T>>) {
    let same = |text: &TextId, row: &Arc<[T]>| before.get(text).is_some_and(|known| Arc::ptr_eq(known, row));
    let gone = before.keys().filter(|text| !now.contains_key(*text));
    let new = now.iter().filter(|row| !same(row.0, row.1));
    (
        gone.copied().collect(),
        new.map(|(&text, row)| (text, Arc::clone(row))).collect(),
    )
}

impl<T: Clone> Rows<T> {
    fn since(before: &Table<T>, now: &Table<T>) -> Self {
        let (gone, new) = changes(before, now);
        let new = new.into_iter().map(|(text, row)| (text, row.to_vec()));
        Self {
            gone,
            new: new.collect(),
        }
    }

    fn apply(self, table: &mut Table<T>) {
        for text in self.gone {
            table.remove(&text);
        }
        for (text, row) in self.new {
            table.insert(text, row.into());
        }
    }
}

impl Matrix {
    fn since(before: &Arc<Table<f32>>, now: &Arc<Table<f32>>) -> Self {
        let (mut gone, new) = if Arc::ptr_eq(before, now) {
            Default::default()
        } else {
            changes(before, now)
        };
        let afresh = new.len() == now.len() && !(gone.is_empty() && new.is_empty());
        if afresh {
            gone.clear();
        }
        let texts: Vec<TextId> = new.iter().map(|row| row.0).collect();
        let mut numbers: Vec<u8> = Vec::with_capacity(new.iter().map(|row| size_of_val(&*row.1)).sum());
        for (_, row) in &new {
            numbers.extend_from_slice(bytemuck::cast_slice(row));
        }
        Self {
            afresh,
            gone: Bytes::of(&gone),
            texts: Bytes::of(&texts),
            numbers: Bytes(numbers),
        }
    }

    fn apply(&self, table: &mut Arc<Table<f32>>) {
        if self.afresh {
            *table = Arc::default();
        } else if self.gone.0.is_empty() && self.texts.0.is_empty() {
            // Nothing is copied of a table that the window holds too.
            return;
        }
        let table = Arc::make_mut(table);
        for text in self.gone.ids() {
            table.remove(&text);
        }
        let width = self.numbers.0.len() / self.texts.ids().count().max(1);
        // A table without columns has no rows.
        for (text, row) in self.texts.ids().zip(self.numbers.0.chunks_exact(width.max(1))) {
            table.insert(text, floats(row).collect());
        }
    }
}

impl Sent {
    /// What has changed.
    pub fn since(before: &Insight, now: &Insight) -> Self {
        let map = || {
            let (texts, places): (Vec<TextId>, Vec<[f32; 2]>) = now.map.iter().copied().unzip();
            (Bytes::of(&texts), Bytes::of(&places))
        };
        Self {
            features: now.features,
            queue: now.queue.clone(),
            reserve: Bytes::of(&now.reserve),
            labels: now.labels.clone(),
            probabilities: Matrix::since(&before.probabilities, &now.probabilities),
            estimate: now.estimate,
            history: now.history.clone(),
            churn: now.churn,
            tints: Rows::since(&before.tints, &now.tints),
            similar: Rows::since(&before.similar, &now.similar),
            map: (!Arc::ptr_eq(&before.map, &now.map)).then(map),
            trouble: now.trouble.clone(),
        }
    }

    /// Makes the later one of the earlier one.
    pub fn apply(self, insight: &mut Insight) {
        insight.features = self.features;
        insight.queue = self.queue;
        insight.reserve = self.reserve.ids().collect();
        insight.labels = self.labels;
        self.probabilities.apply(&mut insight.probabilities);
        insight.estimate = self.estimate;
        insight.history = self.history;
        insight.churn = self.churn;
        self.tints.apply(&mut insight.tints);
        self.similar.apply(&mut insight.similar);
        if let Some((texts, places)) = self.map {
            let numbers: Vec<f32> = floats(&places.0).collect();
            let places = numbers.as_chunks::<2>().0.iter().copied();
            insight.map = texts.ids().zip(places).collect();
        }
        insight.trouble = self.trouble;
    }
}

/// Numbers of 32 bits as they lie in memory.
struct Bytes(Vec<u8>);

impl Bytes {
    fn of<T: bytemuck::NoUninit>(numbers: &[T]) -> Self {
        Self(bytemuck::cast_slice::<T, u8>(numbers).to_vec())
    }

    fn ids(&self) -> impl Iterator<Item = TextId> {
        let words = self.0.as_chunks::<4>().0.iter();
        words.map(|word| TextId::from_ne_bytes(*word))
    }
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let words = bytes.as_chunks::<4>().0.iter();
    words.map(|word| f32::from_ne_bytes(*word))
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(Taken)
    }
}

struct Taken;

impl Visitor<'_> for Taken {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes(bytes.to_vec()))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::insight::Reason;
    use super::*;

    fn insight() -> Insight {
        let estimate = Estimate {
            trained_on: 7,
            measured_on: 5,
            error: 0.25,
            interval: (0.1, 0.5),
            baseline: 0.3,
        };
        let reason = Reason::Uncertain { first: 1, second: 2 };
        let tint = Tint {
            bytes: 0..3,
            label: 1,
            weight: 0.5,
        };
        Insight {
            features: (2, 3),
            queue: vec![
                Pick { text: 4, reason },
                Pick {
                    text: 1,
                    reason: Reason::Diverse,
                },
            ],
            reserve: vec![1, 5].into(),
            labels: vec![2, 0],
            probabilities: Arc::new((0..1_000).map(|t| (t, Arc::from([0.25_f32, 0.75]))).collect()),
            estimate: Some(estimate),
            history: vec![estimate],
            churn: Some(Churn {
                labels: 3,
                changed: 0.5,
            }),
            tints: HashMap::from([(4, Arc::from([tint]))]),
            similar: HashMap::from([(1, Arc::from([9, 8]))]),
            map: (0..1_000).map(|t| (t, [0.5, 0.25])).collect(),
            trouble: Some("none".into()),
        }
    }

    /// Sends what has changed; how many bytes that takes.
    fn send(page: &mut Insight, before: &Insight, now: &Insight) -> usize {
        let mut bytes = Vec::new();
        ciborium::into_writer(&Sent::since(before, now), &mut bytes).unwrap();
        let sent: Sent = ciborium::from_reader(bytes.as_slice()).unwrap();
        sent.apply(page);
        assert_eq!(*page, *now);
        bytes.len()
    }

    #[test]
    fn what_is_sent_arrives() {
        let (nothing, first) = (Insight::default(), insight());
        let mut page = nothing.clone();
        send(&mut page, &nothing, &first);
        // A head with another label, which has not got to every text, and nothing else that was known.
        let second = Insight {
            labels: vec![2, 0, 1],
            probabilities: Arc::new((0..10).map(|t| (t, Arc::from([0.5_f32, 0.25, 0.25]))).collect()),
            ..Insight::default()
        };
        send(&mut page, &first, &second);
        send(&mut page, &second, &nothing);
    }

    #[test]
    fn only_what_has_changed_is_sent() {
        let (nothing, first) = (Insight::default(), insight());
        let mut page = nothing.clone();
        let all = send(&mut page, &nothing, &first);
        // Four bytes a number, and little else.
        assert!(all < 1_000 * (4 + 8) + 1_000 * (4 + 8) + 2_000, "{all}");
        let held = page.clone();
        let mut second = first.clone();
        second.features = (3, 3);
        second.tints.clear();
        let little = send(&mut page, &first, &second);
        assert!(little < 1_000, "{little}");
        assert!(Arc::ptr_eq(&held.probabilities, &page.probabilities) && Arc::ptr_eq(&held.map, &page.map));
        let mut third = second.clone();
        let rows = Arc::make_mut(&mut third.probabilities);
        rows.insert(7, Arc::from([0.5, 0.5]));
        rows.remove(&8);
        assert!(send(&mut page, &second, &third) < little + 100);
        assert_eq!(
            held.probabilities[&7][0], 0.25,
            "what the window holds stays as it is"
        );
    }
}
