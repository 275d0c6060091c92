// What a cell makes of its gates. Prepended by the host to the shaders of the LSTM layer.
fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -30.0, 30.0))); }
// Some drivers' tanh overflows for large arguments.
fn tanh_clamped(x: f32) -> f32 { return tanh(clamp(x, -15.0, 15.0)); }

