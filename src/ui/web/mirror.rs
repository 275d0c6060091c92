//! The window for those who do not see it.
//!
//! egui describes every widget to AccessKit, which a desktop hands to its screen reader; eframe drops the description on the
//! web. Here it becomes elements of the page over the canvas, invisible and in the widgets' places (`web/mirror.js`): what is
//! read, found and pressed there is the window's. To go when eframe does this itself.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use egui::accesskit::{Action, ActionRequest, Node, NodeId, Role, Toggled, TreeId, TreeUpdate};
use egui::{Context, Event, FullOutput, Plugin, RawInput};
use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::session::clock::Instant;

#[wasm_bindgen(raw_module = "./mirror.js")]
extern "C" {
    /// Shows these elements, in this order, and the one that has the focus.
    fn show(rows: Array, focus: &str);

    /// Tells the page that what the window is drawn with was taken away.
    pub fn dark();
}

thread_local! {
    /// What was pressed in the page and is not told to egui yet.
    static PRESSED: RefCell<Vec<(u64, bool)>> = const { RefCell::new(Vec::new()) };
    static WINDOW: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// Tells the window that an element was pressed, or else has got the focus.
#[wasm_bindgen]
pub fn press(id: &str, pressed: bool) {
    let Ok(id) = id.parse() else { return };
    PRESSED.with_borrow_mut(|waiting| waiting.push((id, pressed)));
    wake();
}

/// Has the window draw a frame, which takes in what the page has told it.
pub fn wake() {
    WINDOW.with_borrow(|window| window.iter().for_each(Context::request_repaint));
}

/// At most so often the page is changed: a screen reader cannot follow every frame of an animation.
const OFTEN: Duration = Duration::from_millis(100);

/// What the page shows.
pub struct Mirror {
    rows: Vec<Row>,
    focus: u64,
    since: Instant,
}

impl Default for Mirror {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            focus: 0,
            since: Instant::now(),
        }
    }
}

/// An element.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    id: u64,
    /// As ARIA names it; none of a text.
    role: Option<&'static str>,
    name: String,
    value: Option<String>,
    /// With the smallest and the largest that it can be.
    number: Option<[f64; 3]>,
    on: Option<bool>,
    enabled: bool,
    /// Left, top, width and height in the page's pixels.
    place: [f64; 4],
}

impl Plugin for Mirror {
    fn debug_name(&self) -> &'static str {
        "mirror"
    }

    fn setup(&mut self, ctx: &Context) {
        ctx.enable_accesskit();
        WINDOW.set(Some(ctx.clone()));
    }

    fn input_hook(&mut self, _ctx: &Context, input: &mut RawInput) {
        for (id, pressed) in PRESSED.take() {
            let action = if pressed { Action::Click } else { Action::Focus };
            input.events.push(Event::AccessKitActionRequest(ActionRequest {
                action,
                target_tree: TreeId::ROOT,
                target_node: NodeId(id),
                data: None,
            }));
        }
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        let Some(update) = output.platform_output.accesskit_update.take() else {
            return;
        };
        if self.since.elapsed() < OFTEN && !self.rows.is_empty() {
            ctx.request_repaint_after(OFTEN);
            return;
        }
        let focus = update.focus.0;
        let rows = rows(update, f64::from(ctx.zoom_factor()));
        self.since = Instant::now();
        if rows != self.rows || focus != self.focus {
            (self.rows, self.focus) = (rows, focus);
            show(self.rows.iter().map(Row::array).collect(), &focus.to_string());
        }
    }
}

/// The widgets in the order in which they were laid out.
fn rows(update: TreeUpdate, zoom: f64) -> Vec<Row> {
    let Some(root) = update.tree.map(|tree| tree.root) else {
        return Vec::new();
    };
    let nodes: HashMap<NodeId, Node> = update.nodes.into_iter().collect();
    let mut rows = Vec::new();
    let mut next = vec![root];
    while let Some(id) = next.pop() {
        let Some(node) = nodes.get(&id) else { continue };
        next.extend(node.children().iter().rev());
        rows.extend(row(id, node, zoom, &nodes));
    }
    rows
}

fn row(id: NodeId, node: &Node, zoom: f64, nodes: &HashMap<NodeId, Node>) -> Option<Row> {
    let own = node.label().or_else(|| node.placeholder()).unwrap_or_default();
    let by = || {
        let names = (node.labelled_by().iter()).filter_map(|other| nodes.get(other));
        let names: Vec<&str> = names.filter_map(|n| n.value().or(n.label())).collect();
        names.join(" ")
    };
    let name = if own.is_empty() { by() } else { own.to_string() };
    let value = node.value().map(String::from);
    let role = match node.role() {
        Role::Label | Role::Paragraph | Role::TextRun => None,
        Role::Button | Role::Tab | Role::ColorWell | Role::DisclosureTriangle => Some("button"),
        // The page has no table around it.
        Role::Row if node.supports_action(Action::Click) => Some("button"),
        Role::CheckBox => Some("checkbox"),
        Role::RadioButton => Some("radio"),
        Role::Link => Some("link"),
        Role::Slider => Some("slider"),
        Role::SpinButton => Some("spinbutton"),
        Role::ProgressIndicator => Some("progressbar"),
        Role::TextInput | Role::MultilineTextInput | Role::SearchInput | Role::PasswordInput => {
            Some("textbox")
        }
        Role::ComboBox => Some("combobox"),
        Role::Heading => Some("heading"),
        // Painted: what it shows is its name.
        _ if !name.is_empty() => Some("img"),
        _ => return None,
    };
    // A run of text belongs to the field that holds it.
    if role.is_none() && (node.role() == Role::TextRun || (name.is_empty() && value.is_none())) {
        return None;
    }
    let on = match node.toggled() {
        Some(Toggled::True) => Some(true),
        Some(Toggled::False) => Some(false),
        _ => None,
    };
    let number = node.numeric_value().map(|now| {
        [
            now,
            node.min_numeric_value().unwrap_or(0.0),
            node.max_numeric_value().unwrap_or(1.0),
        ]
    });
    let place = node.bounds().map_or([0.0; 4], |b| {
        [b.x0, b.y0, b.x1 - b.x0, b.y1 - b.y0].map(|v| (v * zoom).round())
    });
    Some(Row {
        id: id.0,
        role,
        name,
        value,
        number,
        on,
        enabled: !node.is_disabled(),
        place,
    })
}

impl Row {
    fn array(&self) -> Array {
        let text = |text: &str| JsValue::from_str(text);
        let number = self.number.iter().flatten().map(|n| JsValue::from_f64(*n));
        let place = self.place.iter().map(|n| JsValue::from_f64(*n));
        let row = Array::new();
        row.push(&text(&self.id.to_string()));
        row.push(&self.role.map_or(JsValue::NULL, text));
        row.push(&text(&self.name));
        row.push(&self.value.as_deref().map_or(JsValue::NULL, text));
        row.push(&number.collect::<Array>());
        row.push(&self.on.map_or(JsValue::NULL, JsValue::from_bool));
        row.push(&JsValue::from_bool(self.enabled));
        row.push(&place.collect::<Array>());
        row
    }
}
