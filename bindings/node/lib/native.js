'use strict';

module.exports = require(process.env.VX11_NODE_ADDON || '../build/vx11.node');
