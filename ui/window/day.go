package window

// serveDay is set in test builds alone: it tells the window's state to who asks.
var serveDay func(*program)
